package deploy_test

// Waits that must end: calls that never do, pages that go round, storms of
// refusals, and clocks that differ.

import (
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TestCallsThatNeverEnd (B1): both limits are exact, whatever a call does.
func TestCallsThatNeverEnd(t *testing.T) {
	hang := func(x *exchange) doc { return x.hang() }
	half := func(x *exchange) doc { x.half = true; return x.ecs() }
	round := func(list string) func(x *exchange) doc {
		return func(x *exchange) doc {
			delete(x.body, "nextToken")
			return doc{list: []any{}, "nextToken": "again"}
		}
	}
	records := func(x *exchange) doc {
		return doc{"serviceDeployments": x.player.bench.records(), "nextToken": "again"}
	}
	for name, c := range map[string]struct {
		operation string // "" is every read
		play      func(x *exchange) doc
	}{
		"DescribeServices hangs":             {"DescribeServices", hang},
		"half an answer of DescribeServices": {"DescribeServices", half},
		"DescribeServiceDeployments hangs":   {"DescribeServiceDeployments", hang},
		"half an answer about the record":    {"DescribeServiceDeployments", half},
		"ListServiceDeployments hangs":       {"ListServiceDeployments", hang},
		"ListTasks hangs":                    {"ListTasks", hang},
		"DescribeTasks hangs":                {"DescribeTasks", hang},
		"all reads hang":                     {"", hang},
		"half an answer of all reads":        {"", half},
		"pages of tasks go round":            {"ListTasks", round("taskArns")},
		"pages of records go round":          {"ListServiceDeployments", records},
		"empty pages of records go round":    {"ListServiceDeployments", round("serviceDeployments")},
		"a definition is not described":      {"DescribeTaskDefinition", hang},
		"revisions are not described":        {"DescribeServiceRevisions", hang},
	} {
		for limit, w := range map[string]struct {
			watch deploy.WatchOptions
			ends  time.Duration
		}{
			"complete 5 s":             {deploy.WatchOptions{CompleteTimeout: 5 * time.Second}, 5 * time.Second},
			"complete 100 s, drained":  {deploy.WatchOptions{CompleteTimeout: 100 * time.Second, Until: rollout.UntilDrained}, 100 * time.Second},
			"running 20 s":             {deploy.WatchOptions{RunningTimeout: 20 * time.Second}, 20 * time.Second},
			"running 20 s, until that": {deploy.WatchOptions{RunningTimeout: 20 * time.Second, Until: rollout.UntilRunning}, 20 * time.Second},
		} {
			t.Run("B1 "+name+", "+limit, func(t *testing.T) {
				inWorld(t, webWorld+slow, func(b *bench) {
					updated := time.Time{}
					d, _ := b.played(func(x *exchange) doc {
						reads := strings.HasPrefix(x.operation, "Describe") || strings.HasPrefix(x.operation, "List")
						if !updated.IsZero() && reads && (c.operation == "" || x.operation == c.operation) {
							return c.play(x)
						}
						answer := x.ecs()
						if x.operation == "UpdateService" {
							updated = time.Now()
						}
						return answer
					})
					o, err := d.Run(b.Context(), request(), deploy.Policy{Watch: w.watch})
					b.exits(7, o, err)
					b.within(updated, w.ends, w.ends+time.Second)
					if o.Elapsed < w.ends || o.Elapsed > w.ends+time.Second {
						b.Errorf("told of %s", o.Elapsed)
					}
				})
			})
		}
	}
}

// TestPagesThatGoRound (B1): other lists end as well, with an error or without.
func TestPagesThatGoRound(t *testing.T) {
	for name, c := range map[string]struct {
		operation, list string
		run             func(b *bench, d *deploy.Deployer) error
	}{
		"services of a family": {"ListServices", "serviceArns", func(b *bench, d *deploy.Deployer) error {
			_, err := d.Plan(b.Context(), deploy.Request{Ref: deploy.Ref{Cluster: "prod"}, Want: deploy.Want{TaskDefinition: "web", Images: []string{"repo/web:v2"}}})
			return err
		}},
		"records, joining": {"ListServiceDeployments", "serviceDeployments", func(b *bench, d *deploy.Deployer) error {
			joined, err := d.Join(b.Context(), webInProd, "")
			if err == nil {
				_, err = d.Watch(b.Context(), joined, deploy.WatchOptions{CompleteTimeout: time.Minute})
			}
			return err
		}},
		"records, status": {"ListServiceDeployments", "serviceDeployments", func(b *bench, d *deploy.Deployer) error {
			_, err := d.Status(b.Context(), webInProd)
			return err
		}},
		"records, rollback": {"ListServiceDeployments", "serviceDeployments", func(b *bench, d *deploy.Deployer) error {
			_, err := d.PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
			return err
		}},
		"definitions, tidying": {"ListTaskDefinitions", "taskDefinitionArns", func(b *bench, d *deploy.Deployer) error {
			keep := int32(1)
			_, err := d.Run(b.Context(), request(), deploy.Policy{KeepDefinitions: &keep})
			return err
		}},
		"services, tidying": {"ListServices", "serviceArns", func(b *bench, d *deploy.Deployer) error {
			keep := int32(1)
			_, err := d.Run(b.Context(), request(), deploy.Policy{KeepDefinitions: &keep})
			return err
		}},
		"tasks, tidying": {"ListTasks", "taskArns", func(b *bench, d *deploy.Deployer) error {
			keep := int32(1)
			_, err := d.Run(b.Context(), request(), deploy.Policy{KeepDefinitions: &keep})
			return err
		}},
	} {
		for _, empty := range []bool{true, false} {
			t.Run("B1 "+name+map[bool]string{true: ", empty"}[empty], func(t *testing.T) {
				inWorld(t, webWorld, func(b *bench) {
					d, p := b.played(func(x *exchange) doc {
						if x.operation != c.operation {
							return x.ecs()
						}
						if empty {
							return doc{c.list: []any{}, "nextToken": "again"}
						}
						delete(x.body, "nextToken")
						answer := b.asked(x.operation, marshalled(x.body))
						answer["nextToken"] = "again"
						return answer
					})
					// Whether it is an error depends on what is asked for; it must end.
					if err := c.run(b, d); err != nil {
						b.Logf("it ends with: %v", err)
					}
					if p.calls > 1000 {
						b.Errorf("%d calls", p.calls)
					}
				})
			})
		}
	}
}

// TestBreakerThatDoesNotCount (B2): the circuit breaker is on, and its count stands
// still while tasks start and die.
func TestBreakerThatDoesNotCount(t *testing.T) {
	const dies = "\nswitches: {ignoreExits: true}\nimages: [{match: 'repo/web:v2', behaviour: exits, after: 20s}]\n"
	for name, c := range map[string]struct{ world string }{
		"tasks die after they ran": {webWorld + dies},
		"no rollback":              {noRollback + dies},
		"records denied":           {webWorld + dies + recordsDenied},
	} {
		t.Run("B2 "+name, func(t *testing.T) {
			inWorld(t, c.world, func(b *bench) {
				began := time.Now()
				o, err := b.deployer().Run(b.Context(), request(), deploy.Policy{Watch: deploy.WatchOptions{CompleteTimeout: 45 * time.Minute}})
				if got := b.exits(5, o, err); !strings.Contains(got.text, "exit") {
					b.Errorf("no cause: %s", got.text)
				}
				b.within(began, time.Minute, 30*time.Minute)
			})
		})
	}
	// A breaker that counts decides, however slow it is.
	for name, world := range map[string]string{"it counts": webWorld + crash, "it is slow": webWorld + crash + "\nswitches: {breakerLag: 5m}\n"} {
		t.Run("B2 "+name, func(t *testing.T) {
			inWorld(t, world, func(b *bench) { b.want(b.run(request(), deploy.Policy{}), "rolled-back") })
		})
	}
}

// TestStorms (B3): what is refused is asked again soon, and the first look after
// the storm comes within ten seconds.
func TestStorms(t *testing.T) {
	const from, to = 20 * time.Second, 95 * time.Second
	throttling := func(*exchange) doc { return refused("ThrottlingException") }
	broken := func(*exchange) doc { return nil }
	for name, c := range map[string]struct {
		operation string
		play      func(*exchange) doc
	}{
		"DescribeServices":           {"DescribeServices", throttling},
		"DescribeServiceDeployments": {"DescribeServiceDeployments", throttling},
		"ListTasks":                  {"ListTasks", throttling},
		"everything":                 {"", throttling},
		"a network that breaks":      {"", broken},
	} {
		t.Run("B3 "+name, func(t *testing.T) {
			inWorld(t, webWorld+slow, func(b *bench) {
				var updated, last time.Time
				longest, after := time.Duration(0), time.Duration(0)
				d, _ := b.played(func(x *exchange) doc {
					if updated.IsZero() {
						if x.operation == "UpdateService" {
							updated = time.Now()
							last = updated
						}
						return x.ecs()
					}
					since := time.Since(updated)
					if x.operation == "DescribeServices" {
						longest, last = max(longest, time.Since(last)), time.Now()
						if since >= to && after == 0 {
							after = since - to
						}
					}
					if since >= from && since < to && (c.operation == "" || x.operation == c.operation) {
						return c.play(x)
					}
					return x.ecs()
				})
				o, err := d.Run(b.Context(), request(), deploy.Policy{})
				b.exits(0, o, err)
				if longest > 10*time.Second || after > 10*time.Second {
					b.Errorf("silent for %s, the first look %s after the storm", longest, after)
				}
			})
		})
	}
}

// TestClocksOfECSDiffer (B4): a newer deployment has an earlier creation than ours.
func TestClocksOfECSDiffer(t *testing.T) {
	for name, c := range map[string]struct {
		behind  time.Duration
		denied  string
		verdict string
	}{
		"by a second":                     {time.Second, "", "superseded"},
		"by ten minutes":                  {10 * time.Minute, "", "superseded"},
		"by ten minutes, records denied":  {10 * time.Minute, recordsDenied, "superseded"},
		"by twelve hours, records denied": {12 * time.Hour, recordsDenied, "superseded"},
		"not at all, records denied":      {0, recordsDenied, "superseded"},
	} {
		t.Run("B4 "+name, func(t *testing.T) {
			inWorld(t, webWorld+c.denied, func(b *bench) {
				ours := 0.0
				d, _ := b.played(func(x *exchange) doc {
					answer := x.ecs()
					if x.operation == "UpdateService" {
						ours = primaryOf(answer)["createdAt"].(float64)
						time.AfterFunc(10*time.Second, func() { b.colleague("repo/web:theirs") })
					}
					if x.operation == "DescribeServices" && ours > 0 {
						if primary := primaryOf(answer); primary["createdAt"].(float64) > ours {
							primary["createdAt"] = ours - c.behind.Seconds()
						}
					}
					return answer
				})
				began := time.Now()
				o, err := d.Run(b.Context(), request(), deploy.Policy{})
				if err != nil {
					b.Fatal(err)
				}
				b.want(o, c.verdict)
				b.within(began, 10*time.Second, 2*time.Minute)
			})
		})
	}
}
