package config

// The types of settings, each a pflag.Value: a flag, a variable and a key of the
// file are read by the same code and fail with the same words. Those that are
// maps are in entries.go.

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/utf8text"
)

// optionalCount is a count or percentage that may be absent; 0 is a value.
type optionalCount struct{ target **int32 }

func (v optionalCount) String() string {
	if v.target == nil || *v.target == nil {
		return ""
	}
	return strconv.Itoa(int(**v.target))
}

func (v optionalCount) Set(text string) error {
	number, err := strconv.ParseInt(text, 10, 32)
	if err != nil || number < 0 {
		return fmt.Errorf("%q is not a whole number from 0 to %d", text, math.MaxInt32)
	}
	count := int32(number)
	*v.target = &count
	return nil
}

func (v optionalCount) Type() string { return "number" }

// duration is a positive time span: 90, 90s, 15m, 1h30m. A bare number is
// seconds, as it always was for -t.
type duration struct{ target *time.Duration }

func (v duration) String() string {
	if v.target == nil || *v.target == 0 {
		return ""
	}
	return v.target.String()
}

func (v duration) Set(text string) error {
	span, err := parseSpan(text)
	if err == nil && span <= 0 {
		return fmt.Errorf("%q must be above 0", text)
	}
	if err == nil {
		*v.target = span
	}
	return err
}

// parseSpan reads a time span.
func parseSpan(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration; write 90 or 90s for seconds, 15m for minutes", text)
	}
	return span, nil
}

func (v duration) Type() string { return "duration" }

// optionalSeconds is a time span of whole seconds that may be absent; 0 is a value.
type optionalSeconds struct{ target **int32 }

func (v optionalSeconds) String() string {
	if v.target == nil || *v.target == nil {
		return ""
	}
	return (time.Duration(**v.target) * time.Second).String()
}

func (v optionalSeconds) Set(text string) error {
	span, err := parseSpan(text)
	if err != nil {
		return err
	}
	if span < 0 || span%time.Second != 0 || span > math.MaxInt32*time.Second {
		return fmt.Errorf("%q is not a whole number of seconds from 0 to %d", text, math.MaxInt32)
	}
	seconds := int32(span / time.Second)
	*v.target = &seconds
	return nil
}

func (v optionalSeconds) Type() string { return "duration" }

// optionalMinutes is a time span of whole minutes that may be absent; 0 is a value.
type optionalMinutes struct{ target **int32 }

func (v optionalMinutes) String() string {
	if v.target == nil || *v.target == nil {
		return ""
	}
	return (time.Duration(**v.target) * time.Minute).String()
}

func (v optionalMinutes) Set(text string) error {
	span, err := parseSpan(text)
	if err != nil {
		return err
	}
	if span < 0 || span%time.Minute != 0 || span > 365*24*time.Hour {
		return fmt.Errorf("%q is not a whole number of minutes; a number without a unit is in seconds", text)
	}
	minutes := int32(span / time.Minute)
	*v.target = &minutes
	return nil
}

func (v optionalMinutes) Type() string { return "duration" }

// optionalPercent is a percentage that may be absent.
type optionalPercent struct{ target **float64 }

func (v optionalPercent) String() string {
	if v.target == nil || *v.target == nil {
		return ""
	}
	return strconv.FormatFloat(**v.target, 'f', -1, 64)
}

func (v optionalPercent) Set(text string) error {
	percent, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.") != "" || percent > 100 {
		return fmt.Errorf("%q is not a number from 0 to 100", text)
	}
	*v.target = &percent
	return nil
}

func (v optionalPercent) Type() string { return "number" }

// choice is one of a few words.
type choice struct {
	target  *string
	allowed []string
}

func (v choice) String() string {
	if v.target == nil {
		return ""
	}
	return *v.target
}

func (v choice) Set(text string) error {
	if !slices.Contains(v.allowed, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(v.allowed, ", "))
	}
	*v.target = text
	return nil
}

func (v choice) Type() string { return strings.Join(v.allowed, "|") }

// list is a text that may be given several times.
type list struct{ target *[]string }

func (v list) String() string {
	if v.target == nil {
		return ""
	}
	return strings.Join(*v.target, ",")
}

func (v list) Set(text string) error {
	if err := isUTF8(text); err != nil {
		return err
	}
	*v.target = append(*v.target, text)
	return nil
}

func (v list) Type() string { return "list" }

// text is a text; an empty one is as good as none.
type text struct {
	target *string
	kind   string
}

func (v text) String() string {
	if v.target == nil {
		return ""
	}
	return *v.target
}

// fileScheme is how the AWS CLI has files named; here it may stand before the name.
const fileScheme = "file://"

func (v text) Set(value string) error {
	if err := isUTF8(value); err != nil {
		return err
	}
	if v.kind == "file" {
		value = strings.TrimPrefix(value, fileScheme)
	}
	*v.target = value
	return nil
}

func (v text) Type() string { return v.kind }

// isUTF8 refuses a text that ECS would get as another one. It does not repeat the
// text, which may be secret.
func isUTF8(text string) error {
	if reason := utf8text.Reason(text); reason != "" {
		return errors.New(reason)
	}
	return nil
}

// toggle is a switch.
type toggle struct{ target *bool }

func (v toggle) String() string {
	if v.target == nil {
		return "false"
	}
	return strconv.FormatBool(*v.target)
}

func (v toggle) Set(value string) error {
	on, err := switched(value)
	if err == nil {
		*v.target = on
	}
	return err
}

// switched reads a switch: what strconv.ParseBool takes, and yes, no, on and off,
// in upper or lower case.
func switched(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "yes", "on":
		return true, nil
	case "no", "off":
		return false, nil
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("%q is not true or false", value)
	}
	return on, nil
}

func (v toggle) Type() string { return "bool" }

// names is a list of names, which commas may separate.
type names struct{ target *[]string }

func (v names) String() string {
	if v.target == nil {
		return ""
	}
	return strings.Join(*v.target, ",")
}

func (v names) Set(text string) error {
	if err := isUTF8(text); err != nil {
		return err
	}
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name == "" {
			return fmt.Errorf("%q contains an empty name", text)
		}
		*v.target = append(*v.target, name)
	}
	return nil
}

func (v names) Type() string { return "names" }

// chosen are words that choose targets. What a word means, a name with a comma or two
// names, is for [File.Select]: it knows the names.
type chosen struct{ target *[]string }

func (v chosen) String() string { return list(v).String() }

func (v chosen) Set(text string) error { return list(v).Set(text) }

func (v chosen) Type() string { return "names" }

// accountID is the id of an AWS account. Its leading zeros count.
type accountID struct{ target *string }

func (v accountID) String() string { return text{target: v.target}.String() }

func (v accountID) Set(value string) error {
	digits := strings.Trim(value, "0123456789") == ""
	if len(value) != accountDigits || !digits {
		return fmt.Errorf("%q is not the id of an AWS account, which has %d digits", value, accountDigits)
	}
	*v.target = value
	return nil
}

func (v accountID) Type() string { return "id" }

// accountDigits is the length of an account's id.
const accountDigits = 12

// IsAccountID reports whether a text is the id of an AWS account: 12 digits.
func IsAccountID(text string) bool { return accountID{new(string)}.Set(text) == nil }
