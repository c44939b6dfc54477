package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// ValueError says that a variable has a value that cannot be read.
type ValueError struct {
	// Origin names the variable or the place in the file.
	Origin string
	// Err is what the flag of the same name says of it.
	Err error
}

func (e *ValueError) Error() string { return fmt.Sprintf("%s: %v", e.Origin, e.Err) }

// Unwrap gives the value's own error.
func (e *ValueError) Unwrap() error { return e.Err }

// Hint says how values are read.
func (e *ValueError) Hint() string {
	return "it is read like the flag of the same name; see ecs-deploy deploy --help"
}

// ExitCode is that of bad input.
func (e *ValueError) ExitCode() int { return 3 }

// Resolve fills every flag of the set that was not given on the command line
// from the environment, or else from the file. An empty variable counts as
// absent.
//
// Which layer wins is viper's business; the winner's text is then read by the
// flag itself, so that all layers mean the same by the same text.
func (s *Settings) Resolve(flags *pflag.FlagSet, file File) error {
	merged := viper.New()
	fromFile := make(map[string]any, len(file.values))
	for name, value := range file.values {
		fromFile[name] = value.texts
	}
	if err := merged.MergeConfigMap(fromFile); err != nil {
		return fmt.Errorf("merging the settings file: %w", err)
	}
	for _, key := range s.Keys() {
		flag := flags.Lookup(key.Name)
		if flag == nil || flag.Changed || !key.Source.InEnv() {
			continue
		}
		if err := bind(merged, key, flag); err != nil {
			return err
		}
		if !merged.IsSet(key.Name) {
			continue
		}
		for _, text := range texts(key, merged.Get(key.Name)) {
			if slices.Contains(FileKeys, key.Name) && os.Getenv(key.Env()) == "" && !filepath.IsAbs(text) {
				text = filepath.Join(filepath.Dir(file.Path), text) // a file names others from where it stands
			}
			if err := flag.Value.Set(text); err != nil {
				return &ValueError{Origin: origin(key, file), Err: err}
			}
		}
	}
	return nil
}

func bind(merged *viper.Viper, key Key, flag *pflag.Flag) error {
	if err := merged.BindEnv(key.Name, key.Env()); err != nil {
		return fmt.Errorf("binding %s: %w", key.Env(), err)
	}
	if err := merged.BindPFlag(key.Name, flag); err != nil {
		return fmt.Errorf("binding --%s: %w", key.Name, err)
	}
	return nil
}

// texts are the texts of a merged value: those of the file's list, or a
// variable's, which commas separate where the key takes several.
func texts(key Key, merged any) []string {
	if fromFile, ok := merged.([]string); ok {
		return fromFile
	}
	whole := fmt.Sprint(merged)
	if _, several := key.Value.(list); !several {
		return []string{whole}
	}
	var parts []string
	for part := range strings.SplitSeq(whole, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// origin names the layer that a key's value comes from.
func origin(key Key, file File) string {
	if os.Getenv(key.Env()) != "" {
		return key.Env()
	}
	value := file.values[key.Name]
	return fmt.Sprintf("%s:%d:%d: %s", file.Path, value.line, value.col, key.Name)
}
