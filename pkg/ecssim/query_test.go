package ecssim

// This file tests the cluster query language.

import (
	"strings"
	"testing"
)

func TestQuery(t *testing.T) {
	instance := func(subject string) []string {
		return map[string][]string{
			"attribute:ecs.instance-type":     {"t2.small"},
			"attribute:ecs.availability-zone": {"us-east-1a"},
			"attribute:stack":                 {"production"},
			"agentConnected":                  {"true"},
			"agentVersion":                    {"1.29.0"},
			"runningTasksCount":               {"2"},
			"ec2InstanceId":                   {"i-abcd1234"},
			"task:group":                      {"service:web", "family:batch"},
			"registeredAt":                    {"2026-11-23T12:00:00Z"},
		}[subject]
	}
	for expression, want := range map[string]bool{
		"attribute:ecs.instance-type == t2.small":                                            true,
		"attribute:ecs.instance-type==t2.small":                                              true,
		"attribute:ecs.instance-type != t2.small":                                            false,
		"attribute:ecs.instance-type =~ t2.*":                                                true,
		"attribute:ecs.instance-type =~ t2":                                                  false,
		"attribute:ecs.instance-type !~ t3.*":                                                true,
		"attribute:ecs.availability-zone in [us-east-1a, us-east-1b]":                        true,
		"attribute:ecs.availability-zone not_in [us-east-1a]":                                false,
		"attribute:ecs.availability-zone !in ['us-east-1c']":                                 true,
		"attribute:stack exists":                                                             true,
		"attribute:other exists":                                                             false,
		"attribute:other !exists":                                                            true,
		"attribute:other == x":                                                               false,
		"attribute:other != x":                                                               true,
		"agentConnected == true and runningTasksCount < 3":                                   true,
		"runningTasksCount >= 3 or runningTasksCount == 2":                                   true,
		"runningTasksCount > 10":                                                             false,
		"agentVersion greater_than 1.4.0":                                                    true,
		"agentVersion < 1.29.1":                                                              true,
		"task:group == service:web":                                                          true,
		"task:group == 'family:batch'":                                                       true,
		"not(task:group == service:web)":                                                     false,
		"!(task:group == database)":                                                          true,
		"not task:group == database && attribute:stack == production":                        true,
		"(attribute:stack == a or attribute:stack == production) and (agentConnected==true)": true,
		"attribute:stack == production or attribute:stack == a and agentConnected == false":  true,
		"registeredAt > 2026-11-22":                                                          true,
		"ec2InstanceId in ['i-abcd1234', 'i-wxyz7890']":                                      true,
	} {
		q, err := parseQuery(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		} else if got := q(instance); got != want {
			t.Errorf("%s: %t", expression, got)
		}
	}
	for expression, want := range map[string]string{
		"":                               "subject",
		"stack == a":                     "unknown subject",
		"attribute:stack":                "missing operator",
		"attribute:stack ==":             "missing argument",
		"attribute:stack =~ (":           "invalid pattern",
		"attribute:stack in [a":          "missing ]",
		"(attribute:stack exists":        "missing )",
		"attribute:stack exists x":       "unexpected",
		strings.Repeat("(", 300):         "nested",
		strings.Repeat("a", 2001):        "2000",
		"attribute:stack == a and":       "subject",
		"attribute:stack == 'production": "missing '",
	} {
		if _, err := parseQuery(expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want …%s…", expression, err, want)
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("attribute:ecs.instance-type =~ t2.* and not (task:group == a or runningTasksCount < 3)")
	f.Fuzz(func(t *testing.T, expression string) {
		if q, err := parseQuery(expression); err == nil {
			q(func(string) []string { return []string{"a"} })
		}
	})
}
