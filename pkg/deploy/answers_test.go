package deploy_test

// An answer must be of what was asked: the answers of writes and reads show
// something older, somebody else's, something else, or too much.

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// restart asks for new tasks of the same revision.
func restart() deploy.Request {
	return deploy.Request{Ref: webInProd, ForceNewDeployment: true}
}

// answersOfUpdate are answers of UpdateService that do not show the deployment
// that it started as it is. They get what the service was like before.
var answersOfUpdate = map[string]func(answer, before doc){
	"stale":            func(answer, before doc) { answer["service"] = only(before, "services") },
	"null id":          func(answer, _ doc) { primaryOf(answer)["id"] = nil },
	"empty id":         func(answer, _ doc) { primaryOf(answer)["id"] = "" },
	"no creation":      func(answer, _ doc) { delete(primaryOf(answer), "createdAt") },
	"unknown status":   func(answer, _ doc) { primaryOf(answer)["status"] = "SHIFTING" },
	"null deployments": func(answer, _ doc) { answer["service"].(doc)["deployments"] = nil },
	"nothing":          func(answer, _ doc) { delete(answer, "service") },
	"another one, listed": func(answer, _ doc) {
		answer["service"].(doc)["serviceArn"] = strings.Replace(answer["service"].(doc)["serviceArn"].(string), "/web", "/web-admin", 1)
	},
	"two PRIMARY, ours first": func(answer, _ doc) {
		for _, each := range deploymentsOf(answer) {
			each.(doc)["status"] = "PRIMARY"
		}
	},
	"two PRIMARY, ours last": func(answer, _ doc) {
		slices.Reverse(deploymentsOf(answer))
		for _, each := range deploymentsOf(answer) {
			each.(doc)["status"] = "PRIMARY"
		}
	},
	"the old one PRIMARY, ours ACTIVE": func(answer, _ doc) {
		for _, each := range deploymentsOf(answer) {
			each.(doc)["status"] = map[any]string{"PRIMARY": "ACTIVE", "ACTIVE": "PRIMARY"}[each.(doc)["status"]]
		}
	},
}

// TestAnswerOfTheUpdate (A1): what was asked for decides, and not what the answer
// happens to show.
func TestAnswerOfTheUpdate(t *testing.T) {
	for name, twist := range answersOfUpdate {
		for setting, c := range map[string]struct {
			world   string
			request deploy.Request
			verdict string
			stale   time.Duration
		}{
			"healthy":               {webWorld, request(), "succeeded", 0},
			"crash":                 {webWorld + crash, request(), "rolled-back", 0},
			"restart":               {webWorld, restart(), "succeeded", 0},
			"reads are stale, too":  {webWorld, request(), "succeeded", 5 * time.Second},
			"stale reads and crash": {webWorld + crash, request(), "rolled-back", 5 * time.Second},
		} {
			t.Run("A1 "+name+", "+setting, func(t *testing.T) {
				inWorld(t, c.world, func(b *bench) {
					before, sent := b.shown(), time.Time{}
					d, p := b.played(func(x *exchange) doc {
						switch {
						case x.operation == "UpdateService":
							sent = time.Now()
							answer := x.ecs()
							twist(answer, copied(before))
							return answer
						case x.operation == "DescribeServices" && !sent.IsZero() && time.Since(sent) < c.stale:
							return before
						}
						return x.ecs()
					})
					o, err := d.Run(b.Context(), c.request, deploy.Policy{})
					if err != nil {
						b.Fatal(err)
					}
					b.want(o, c.verdict)
					p.sent("UpdateService", 1)
					if o.Deployment.ID != b.ids()[0] {
						b.Errorf("followed %s, ours is %s", o.Deployment.ID, b.ids()[0])
					}
				})
			})
		}
	}
	t.Run("A1 never shown", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			before, updated := b.shown(), false
			d, p := b.played(func(x *exchange) doc {
				switch {
				case x.operation == "UpdateService":
					updated = true
					x.ecs()
					return doc{"service": only(before, "services")}
				case x.operation == "DescribeServices" && updated:
					return before
				case strings.HasSuffix(x.operation, "ServiceDeployments"):
					return refused("AccessDeniedException")
				}
				return x.ecs()
			})
			began := time.Now()
			o, err := d.Run(b.Context(), request(), deploy.Policy{})
			if got := b.exits(7, o, err); !strings.Contains(got.text, "show") {
				b.Errorf("the reason does not say that ECS does not show the deployment: %s", got.text)
			}
			b.within(began, 30*time.Second, 2*time.Minute)
			p.sent("UpdateService", 1)
		})
	})
}

// TestColleague (A2): a deployment is ours only if it brings our definition and
// began after our call.
func TestColleague(t *testing.T) {
	const theirs = "\nimages: [{match: 'repo/web:theirs', behaviour: exits}]\n"
	for name, c := range map[string]struct {
		world   string
		request deploy.Request
		first   bool // theirs comes before ours, and the answer is older than ours
		verdict string
	}{
		"after ours":                    {webWorld, request(), false, "superseded"},
		"after ours, and theirs fails":  {webWorld + theirs, request(), false, "superseded"},
		"after ours, nobody rolls back": {unguarded + theirs, request(), false, "superseded"},
		"after a restart of ours":       {webWorld, restart(), false, "superseded"},
		"before ours":                   {webWorld, request(), true, "succeeded"},
		"before ours, and ours fails":   {unguarded + crash, request(), true, "failed"},
	} {
		t.Run("A2 "+name, func(t *testing.T) {
			inWorld(t, c.world, func(b *bench) {
				ours := ""
				d, p := b.played(func(x *exchange) doc {
					if x.operation != "UpdateService" {
						return x.ecs()
					}
					var shown doc
					if c.first {
						b.colleague("repo/web:theirs")
						shown = b.shown()
						x.ecs()
						ours = b.ids()[0]
					} else {
						x.ecs()
						ours = b.ids()[0]
						b.colleague("repo/web:theirs")
						shown = b.shown()
					}
					return doc{"service": only(shown, "services")}
				})
				o, err := d.Run(b.Context(), c.request, deploy.Policy{})
				if err != nil {
					b.Fatal(err)
				}
				b.want(o, c.verdict)
				p.sent("UpdateService", 1)
				if name := rollout.ShortName(o.Deployment.TaskDefinition); o.Deployment.ID != "" && o.Deployment.ID != ours && c.verdict != "superseded" || strings.Contains(name, "web:3") {
					b.Errorf("followed %s (%s), ours is %s", o.Deployment.ID, name, ours)
				}
			})
		})
	}
}

// answersOfRecords are answers of DescribeServiceDeployments that have more or
// something else than the record that was asked for.
var answersOfRecords = map[string]func(answer, other doc){
	"another one": func(answer, other doc) { answer["serviceDeployments"] = []any{other} },
	"another one first": func(answer, other doc) {
		answer["serviceDeployments"] = append([]any{other}, answer["serviceDeployments"].([]any)...)
	},
	"another one last": func(answer, other doc) {
		answer["serviceDeployments"] = append(answer["serviceDeployments"].([]any), other)
	},
	"one without a name": func(answer, other doc) {
		delete(other, "serviceDeploymentArn")
		answer["serviceDeployments"] = []any{other}
	},
	"a null, then ours": func(answer, other doc) {
		answer["serviceDeployments"] = append([]any{doc{}}, answer["serviceDeployments"].([]any)...)
	},
	"none, and no reason": func(answer, _ doc) { answer["serviceDeployments"] = []any{} },
}

// TestAnotherRecord (A4): a record is taken by its ARN, or it is not known.
func TestAnotherRecord(t *testing.T) {
	for name, twist := range answersOfRecords {
		for setting, c := range map[string]struct{ world, verdict string }{
			"healthy": {webWorld, "succeeded"}, "crash": {webWorld + crash, "rolled-back"}, "no rollback": {noRollback + crash, "failed"},
		} {
			t.Run("A4 "+name+", "+setting, func(t *testing.T) {
				inWorld(t, c.world, func(b *bench) {
					other := b.recorded(b.record(0))
					d, _ := b.played(func(x *exchange) doc {
						answer := x.ecs()
						if x.operation == "DescribeServiceDeployments" {
							twist(answer, copied(other))
						}
						return answer
					})
					o, err := d.Run(b.Context(), request(), deploy.Policy{})
					if err != nil {
						b.Fatal(err)
					}
					b.want(o, c.verdict)
					b.earned(o)
				})
			})
		}
	}
}

// earned fails the test for a success of a deployment that ECS has not completed.
func (b *bench) earned(o deploy.Outcome) {
	b.Helper()
	if o.Verdict != rollout.Succeeded {
		return
	}
	primary := primaryOf(b.shown())
	if primary["id"] != o.Deployment.ID || primary["rolloutState"] != "COMPLETED" {
		b.Errorf("succeeded, but %s is PRIMARY and %s; ours is %s", primary["id"], primary["rolloutState"], o.Deployment.ID)
	}
}

// unrelated is a world whose revisions are not numbered like deployments.
const unrelated = "\nswitches: {serviceRevisionIds: unrelated}\n"

// TestRecordOfSomebodyElse (A5): the record is searched by definition and time.
func TestRecordOfSomebodyElse(t *testing.T) {
	t.Run("A5 an earlier one of the same definition", func(t *testing.T) {
		inWorld(t, webWorld+unrelated+crash, func(b *bench) {
			first := b.records()[0].(doc)
			var created float64
			d, _ := b.played(func(x *exchange) doc {
				answer := x.ecs()
				switch x.operation {
				case "UpdateService":
					created = primaryOf(answer)["createdAt"].(float64)
				case "ListServiceDeployments": // ours is not listed; an earlier one was made just before
					first["createdAt"] = created - 2
					answer["serviceDeployments"] = []any{first}
				case "DescribeServiceRevisions":
					only(answer, "serviceRevisions")["taskDefinition"] = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:2"
				}
				return answer
			})
			o, err := d.Run(b.Context(), request(), deploy.Policy{})
			if err != nil {
				b.Fatal(err)
			}
			b.want(o, "rolled-back")
		})
	})
	for name, theirs := range map[string]string{
		"a colleague's of the same definition": `{"cluster":"prod","service":"web","forceNewDeployment":true}`,
		"a colleague's of another definition":  `{"cluster":"prod","service":"web","taskDefinition":"web:1"}`,
	} {
		t.Run("A5 "+name, func(t *testing.T) {
			inWorld(t, webWorld+unrelated, func(b *bench) {
				o := b.run(request(), deploy.Policy{NoWait: true})
				time.Sleep(10 * time.Second)
				b.raw("UpdateService", theirs)
				time.Sleep(20 * time.Minute)
				b.want(b.watch(b.deployer(), o.Deployment), "superseded")
			})
		})
	}
	t.Run("A5 another revision than was asked for", func(t *testing.T) {
		inWorld(t, webWorld+unrelated+crash, func(b *bench) {
			d, _ := b.played(func(x *exchange) doc {
				answer := x.ecs()
				if x.operation == "DescribeServiceRevisions" {
					revision := copied(only(answer, "serviceRevisions"))
					revision["serviceRevisionArn"], revision["taskDefinition"] = "arn:aws:ecs:us-east-1:123456789012:service-revision/prod/web/0", "arn:aws:ecs:us-east-1:123456789012:task-definition/web:2"
					answer["serviceRevisions"] = append([]any{revision}, answer["serviceRevisions"].([]any)...)
				}
				return answer
			})
			o, err := d.Run(b.Context(), request(), deploy.Policy{})
			if err != nil {
				b.Fatal(err)
			}
			b.want(o, "rolled-back")
		})
	})
}

// oldestFirst answers ListServiceDeployments with the oldest first, over pages of
// some records each.
func (b *bench) oldestFirst(size int) func(x *exchange) doc {
	return func(x *exchange) doc {
		all := b.records()
		slices.Reverse(all)
		from := 0
		if token, _ := x.body["nextToken"].(string); token != "" {
			from = len(token)
		}
		to := min(from+size, len(all))
		answer := doc{"serviceDeployments": all[from:to]}
		if to < len(all) {
			answer["nextToken"] = strings.Repeat("x", to)
		}
		return answer
	}
}

// TestRecordsOverPages (A9): all pages, and the newest by its creation.
func TestRecordsOverPages(t *testing.T) {
	const last = "\nimages: [{match: 'repo/web:v4', behaviour: exits}]\n"
	for name, c := range map[string]struct {
		wait, named bool
		size        int
	}{
		"the last one, which is over": {wait: true, size: 2}, "the one in progress": {size: 2}, "a page for each": {wait: true, size: 1},
		"named by its record": {wait: true, named: true, size: 2},
	} {
		t.Run("A9 "+name, func(t *testing.T) {
			inWorld(t, webWorld+last, func(b *bench) {
				for _, image := range []string{"repo/web:v2", "repo/web:v3", "repo/web:v4"} {
					r := request()
					r.Images = []string{image}
					b.run(r, deploy.Policy{NoWait: image == "repo/web:v4"})
					time.Sleep(time.Minute)
				}
				if c.wait {
					time.Sleep(30 * time.Minute)
				}
				list := b.oldestFirst(c.size)
				d, _ := b.played(func(x *exchange) doc {
					if x.operation == "ListServiceDeployments" {
						return list(x)
					}
					return x.ecs()
				})
				which := ""
				if c.named {
					which = b.record(0)
				}
				joined, err := d.Join(b.Context(), webInProd, which)
				if err != nil {
					b.Fatal(err)
				}
				b.want(b.watch(d, joined), "rolled-back")
				status, err := d.Status(b.Context(), webInProd)
				if err != nil || status.Last == nil || status.Last.ARN != b.record(0) {
					b.Errorf("the last deployment is %+v, %v", status.Last, err)
				}
			})
		})
	}
}
