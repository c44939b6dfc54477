package config

import "strings"

// sample is a value of a key, as a flag or variable and as the file has it, and
// how it reads back.
type sample struct{ flag, file, reads string }

// samples are two different values of a key.
func samples(key Key) [2]sample {
	same := func(one, two string) [2]sample { return [2]sample{{one, one, one}, {two, two, two}} }
	switch v := key.Value.(type) {
	case choice:
		return same(v.allowed[0], v.allowed[1])
	case duration:
		return same("1m30s", "15m0s")
	case optionalSeconds:
		return same("0s", "1m30s")
	case optionalMinutes:
		return same("0s", "15m0s")
	case optionalPercent:
		return same("5", "12.5")
	case optionalCount:
		return same("0", "7")
	case toggle:
		return same("true", "false")
	case accountID:
		return same("012345670123", "112233445566")
	case steps:
		return [2]sample{
			{`[{"command":["one"]}]`, "[{command: one}]", "the essential container: one (at most 30m)"},
			{`[{"container":"web","command":["a","b c"],"timeout":"15m"}]`, `[{container: web, command: [a, "b c"], timeout: 15m}]`, "container web: a b c (at most 15m)"},
		}
	case entries:
		if v.unset {
			return [2]sample{{"A", "A", "A removed"}, {"web:B.c", "web:B.c", "web:B.c removed"}}
		}
		return [2]sample{{"A=1", "{A: 1}", "A=1"}, {"web:B.c=on", "{web: {B.c: on}}", "web:B.c=on"}}
	case tags:
		return [2]sample{{"Team/a.b=0x10", "{Team/a.b: 0x10}", "Team/a.b=0x10"}, {"k=", `{k: ""}`, "k="}}
	case files:
		return [2]sample{{"one", "one", "=one"}, {"web:two", "{web: [two]}", "web:=two"}}
	case perContainer:
		return [2]sample{{"web=one", "{web: one}", "web:=one"}, {"Web.b=two", "{Web.b: two}", "Web.b:=two"}}
	}
	return same("one", "two")
}

// read is how a setting reads back.
func read(key Key) string {
	v, isMap := key.Value.(entryValue)
	if !isMap {
		return key.Value.String()
	}
	var all []string
	for _, entry := range *v.field() {
		all = append(all, readEntry(entry))
	}
	return strings.Join(all, " ")
}

func readEntry(e Entry) string {
	name := e.Name
	if e.Container != "" {
		name = e.Container + ":" + name
	}
	if e.Unset {
		return name + " removed"
	}
	return name + "=" + e.Value
}
