// Package nearest finds the known name that a misspelt one was probably meant
// to be.
package nearest

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Name is the candidate that is most like a word, whatever its case, or "" if
// none is like it: more than a third of the word would have to be changed.
func Name(word string, candidates []string) string {
	best, distance := "", max(1, len(word)/3)+1
	for _, candidate := range slices.Sorted(slices.Values(candidates)) {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}
