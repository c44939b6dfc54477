package rollout_test

// The rules that docs/verdicts.md states are played on the tracker: every record
// with everything that the service may show.

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// rule is one row of the table.
type rule struct {
	records, shown []string // nil: anything
	takes          string
	verdict        rollout.Verdict
}

// readRules reads the table between its markers.
func readRules(t *testing.T) []rule {
	t.Helper()
	page, err := os.ReadFile("../../docs/verdicts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "<!-- rules -->")
	table, _, found := strings.Cut(table, "<!-- end of rules -->")
	rows := strings.Split(strings.TrimSpace(table), "\n")
	if !found || len(rows) < 10 {
		t.Fatal("docs/verdicts.md has no table of rules")
	}
	var rules []rule
	for _, row := range rows[2:] {
		cells := strings.Split(strings.Trim(row, "|"), "|")
		if len(cells) != 4 {
			t.Fatalf("%d cells: %s", len(cells), row)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		r := rule{records: splitRecords(cells[0]), takes: cells[2], verdict: rollout.Verdict(cells[3])}
		if cells[3] == "none yet" {
			r.verdict = rollout.InProgress
		}
		if cells[1] != "anything" {
			r.shown = []string{cells[1]}
		}
		rules = append(rules, r)
	}
	return rules
}

// splitRecords splits a cell at its commas, but for the one within a record's name.
func splitRecords(cell string) []string {
	const inside = "SUCCESSFUL, and"
	parts := strings.Split(strings.ReplaceAll(cell, inside, "SUCCESSFUL; and"), ", ")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], "SUCCESSFUL; and", inside)
	}
	return parts
}

func (r rule) fits(record, shown string) bool {
	if !has(r.records, record) {
		return false
	}
	// "a later deployment is PRIMARY" also fits if more is known of it.
	return has(r.shown, shown) || len(r.shown) > 0 && strings.HasPrefix(shown, r.shown[0]+", and")
}

func has(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return names == nil
}

// records are what ECS's record may say, by the names in the table.
var records = map[string]*rollout.ServiceDeployment{
	"SUCCESSFUL, and ECS rolls back to ours": sd("SUCCESSFUL"),
	"SUCCESSFUL":                             sd("SUCCESSFUL"),
	"ROLLBACK_SUCCESSFUL":                    sd("ROLLBACK_SUCCESSFUL"),
	"ROLLBACK_SUCCESSFUL on request":         {ARN: "arn:sd", Status: "ROLLBACK_SUCCESSFUL", StatusReason: "rolled back because of a request"},
	"ROLLBACK_FAILED":                        sd("ROLLBACK_FAILED"),
	"STOPPED by the circuit breaker":         triggered("STOPPED"),
	"STOPPED by an alarm":                    {ARN: "arn:sd", Status: "STOPPED", AlarmsStatus: "TRIGGERED"},
	"STOPPED":                                sd("STOPPED"),
	"PENDING":                                sd("PENDING"),
	"IN_PROGRESS":                            sd("IN_PROGRESS"),
	"ROLLBACK_IN_PROGRESS":                   sd("ROLLBACK_IN_PROGRESS"),
	"an unknown status":                      sd("RECONCILING"),
	"waiting at a pause hook":                {ARN: "arn:sd", Status: "IN_PROGRESS", Hooks: []rollout.Hook{{ID: "ecs-pause-1", Type: "PAUSE", Status: "AWAITING_ACTION"}}},
	"cannot be read":                         nil,
}

// services are what the service may show, by the names in the table.
func services() map[string]*rollout.Service {
	unknown := d("ecs-svc/150", "PRIMARY", "IN_PROGRESS", 2, 2)
	unknown.CreatedAt = born.Add(-time.Minute)
	takenOverCompleted := withEvent(svc(d(later, "PRIMARY", "IN_PROGRESS", 0, 0)), time.Minute, "(deployment "+ours+") deployment completed.")
	return map[string]*rollout.Service{
		"ours is PRIMARY and COMPLETED":                                                      completed,
		"ours is PRIMARY and IN_PROGRESS":                                                    bornNow,
		"ours is PRIMARY and FAILED":                                                         failedOff,
		"ours is PRIMARY and FAILED, and ECS does not roll back":                             failedOff,
		"ours alone, without a rollout state, with all its tasks":                            classic,
		"an earlier deployment is PRIMARY and COMPLETED":                                     stale,
		"an earlier deployment is PRIMARY, and ours is FAILED":                               goingBack,
		"a later deployment is PRIMARY":                                                      takenOver,
		"an unknown deployment is PRIMARY, older by its time":                                svc(unknown),
		"ours was never shown":                                                               stale,
		"the service is being deleted":                                                       deleted,
		"no deployment is listed":                                                            svc(),
		"an earlier deployment is PRIMARY and COMPLETED, and an event says that ours failed": wentBack,
		"a later deployment is PRIMARY, and an event says that ours completed":               takenOverCompleted,
	}
}

// aboutRollback are the situations that make sense for a deployment to which ECS
// rolls back.
var aboutRollback = []string{"ours is PRIMARY and COMPLETED", "ours is PRIMARY and IN_PROGRESS", "a later deployment is PRIMARY", "the service is being deleted"}

// TestRules plays every combination until the verdict of the first row that fits,
// and holds that there is none before.
func TestRules(t *testing.T) {
	rules := readRules(t)
	used := make([]bool, len(rules))
	for record, sd := range records {
		for shown, service := range services() {
			back := strings.HasSuffix(record, "rolls back to ours")
			if back && !has(aboutRollback, shown) {
				continue
			}
			goal := target()
			goal.RolledBackTo = back
			goal.RollsBack = !strings.HasSuffix(shown, "does not roll back")
			if shown == "ours was never shown" {
				goal.DeploymentID, goal.CreatedAt, goal.TaskDefinition = "", time.Time{}, "arn:aws:ecs:eu-west-1:1:task-definition/web:200"
				if sd != nil {
					continue // a record is found by the deployment's id, or gives it
				}
			}
			fits := -1
			for i, r := range rules {
				if r.fits(record, shown) {
					fits = i
					break
				}
			}
			if fits < 0 {
				t.Errorf("no rule for record %q, %q", record, shown)
				continue
			}
			used[fits] = true
			t.Run(record+"/"+shown, func(t *testing.T) { play(t, rules[fits], goal, service, sd) })
		}
	}
	for i, ok := range used {
		if !ok {
			t.Errorf("the rule %v is never used", rules[i])
		}
	}
}

// play looks each second, as long as the rule takes, or for ten minutes.
func play(t *testing.T, r rule, goal rollout.Target, service *rollout.Service, record *rollout.ServiceDeployment) {
	looks := map[string]int{"one look": 1, "two looks": 2, "three looks": 3, "30 s": 31, "60 s": 61, "": 600}[r.takes]
	if looks == 0 {
		t.Fatalf("%q is no time", r.takes)
	}
	tracker := rollout.NewTracker(goal)
	for n := range looks {
		if v := tracker.Verdict(); v.Final() {
			t.Fatalf("%s (%s) after %d looks, and it takes %s", v, tracker.Reason(), n, r.takes)
		}
		tracker.Observe(look(n+60, service, record))
	}
	if tracker.Verdict() != r.verdict {
		t.Errorf("%s (%s) after %d looks, want %s", tracker.Verdict(), tracker.Reason(), looks, r.verdict)
	}
	if tracker.Verdict().Final() && tracker.Reason() == "" {
		t.Error("a verdict needs a reason")
	}
}
