package config

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// TestEverySettingOfAServiceHasAKey: each key of the service's settings sets one member
// of the request, every member has a key, its flag is the one that restores the setting,
// and the page says how ECS names it.
func TestEverySettingOfAServiceHasAKey(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	members := reflect.TypeFor[deploy.ServiceSettings]()
	keyOf := map[string]string{}
	for _, name := range SettingKeys() {
		s := new(Settings)
		key, _ := s.key(name)
		if err := key.Value.Set(samples(key)[1].flag); err != nil {
			t.Fatal(err)
		}
		for i := range members.NumField() {
			if reflect.ValueOf(s.SettingsOfService()).Field(i).IsZero() {
				continue
			}
			member := members.Field(i).Name
			if keyOf[member] != "" {
				t.Errorf("%s and %s set %s", keyOf[member], name, member)
			}
			keyOf[member] = name
			inECS := strings.ToLower(member[:1]) + member[1:]
			flag, short := "--"+name, "-"+key.Short
			var words []string
			for _, object := range []string{"", "canaryConfiguration.", "linearConfiguration."} {
				words = append(words, deploy.Setting{Name: object + inECS, Old: 7}.Restore()...)
			}
			if len(words) != 2 || words[0] != flag && words[0] != short {
				t.Errorf("%s is restored with %q, and the flag is %s", inECS, words, flag)
			}
			if _, row, _ := strings.Cut(string(text), "\n| `"+name+"` "); !strings.HasPrefix(row, "|") || !strings.Contains(strings.SplitN(row, "\n", 2)[0], "`"+inECS+"`") {
				t.Errorf("the row of %s in %s does not name %s", name, page, inECS)
			}
		}
	}
	for i := range members.NumField() {
		if member := members.Field(i).Name; keyOf[member] == "" {
			t.Errorf("no key sets ServiceSettings.%s", member)
		}
	}
}

func TestSecondsAreWholeAndMayBe0(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0s", "90": "1m30s", "90s": "1m30s", "15m": "15m0s", "1.5m": "1m30s", "2147483647": "596523h14m7s",
	} {
		var seconds *int32
		v := optionalSeconds{&seconds}
		if err := v.Set(text); err != nil || v.String() != want {
			t.Errorf("%s: %s, %v; want %s", text, v, err, want)
		}
		again := new(int32)
		if err := (optionalSeconds{&again}).Set(v.String()); err != nil || *again != *seconds {
			t.Errorf("%s is read back as %d, %v", v, *again, err)
		}
	}
	for _, text := range []string{"-1", "-1s", "1.5s", "500ms", "2147483648s", "600000h", "9999999999999h", "many", ""} {
		var seconds *int32
		if err := (optionalSeconds{&seconds}).Set(text); err == nil || seconds != nil {
			t.Errorf("%q is taken", text)
		}
	}
}
