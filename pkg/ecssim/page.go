package ecssim

// This file is paging: how lists come in parts.

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// page cuts one page out of a list. The texts of its errors are assumed.
func page[T any](items []T, member string, maxResults *int, preset int, token string) (any, *apiError) {
	size, apiErr := pageSize(maxResults, preset)
	if apiErr != nil {
		return nil, apiErr
	}
	from := 0
	if token != "" {
		text, err := readToken(token, "from:")
		if err == nil {
			from, err = strconv.Atoi(text)
		}
		if err != nil || from < 0 {
			return nil, errBadToken
		}
	}
	from = min(from, len(items))
	to := min(from+size, len(items))
	out := map[string]any{member: append([]T{}, items[from:to]...)}
	if to < len(items) {
		out["nextToken"] = makeToken("from:", strconv.Itoa(to))
	}
	return out, nil
}

func pageSize(maxResults *int, preset int) (int, *apiError) {
	if maxResults == nil {
		return preset, nil
	}
	if *maxResults < 1 || *maxResults > 100 {
		return 0, invalid("maxResults must be between 1 and 100.")
	}
	return *maxResults, nil
}

func makeToken(kind, text string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + text))
}

func readToken(token, kind string) (string, error) {
	decoded, err := base64.RawURLEncoding.DecodeString(token)
	text, ok := strings.CutPrefix(string(decoded), kind)
	if err == nil && !ok {
		err = errBadToken
	}
	return text, err
}

// listing is a list that a filter lets some items through of. ARNs has all of
// them, in their order.
type listing struct {
	arns []string
	fit  map[string]bool
}

func (l *listing) add(arn string, fits bool) {
	l.arns = append(l.arns, arn)
	if fits {
		if l.fit == nil {
			l.fit = map[string]bool{}
		}
		l.fit[arn] = true
	}
}

// page cuts one page out of the items that fit, 100 if maxResults does not say
// otherwise. Its token names the last of them: nothing is left out if some cease
// to fit between two pages, as when a client deregisters what it lists.
func (l *listing) page(member string, maxResults *int, token string) (any, *apiError) {
	size, apiErr := pageSize(maxResults, 100)
	if apiErr != nil {
		return nil, apiErr
	}
	rest := l.arns
	if token != "" {
		last, err := readToken(token, "after:")
		i := slices.Index(l.arns, last)
		if err != nil || i < 0 {
			return nil, errBadToken
		}
		rest = l.arns[i+1:]
	}
	found := []string{}
	out := map[string]any{}
	for _, arn := range rest {
		if !l.fit[arn] {
			continue
		}
		if len(found) == size {
			out["nextToken"] = makeToken("after:", found[size-1])
			break
		}
		found = append(found, arn)
	}
	out[member] = found
	return out, nil
}
