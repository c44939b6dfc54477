package deploy_test

// Successes that are none: the record is not at its end, the deployment had an
// earlier life, the service is gone, or one read alone says so.

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// recordsDenied has nobody read the records of service deployments.
const recordsDenied = "\nfaults: [{operations: ['*ServiceDeployments'], code: AccessDeniedException, message: no}]\n"

// TestRecordIsNotAtItsEnd (A3): the status of the record decides as long as it can
// be read, whatever the rollout state says.
func TestRecordIsNotAtItsEnd(t *testing.T) {
	const bake = 10 * time.Minute
	for name, c := range map[string]struct {
		status, state, end, verdict string
	}{
		"it bakes":                          {"IN_PROGRESS", "COMPLETED", "SUCCESSFUL", "succeeded"},
		"it bakes, no rollout state":        {"IN_PROGRESS", "", "SUCCESSFUL", "succeeded"},
		"pending":                           {"PENDING", "COMPLETED", "SUCCESSFUL", "succeeded"},
		"a status of tomorrow":              {"SHIFTING_TRAFFIC", "COMPLETED", "SUCCESSFUL", "succeeded"},
		"a status of tomorrow, no state":    {"SHIFTING_TRAFFIC", "", "ROLLBACK_SUCCESSFUL", "rolled-back"},
		"it is rolled back":                 {"ROLLBACK_IN_PROGRESS", "COMPLETED", "ROLLBACK_SUCCESSFUL", "rolled-back"},
		"it is rolled back, no state":       {"ROLLBACK_IN_PROGRESS", "", "ROLLBACK_SUCCESSFUL", "rolled-back"},
		"--no-wait contradicts ":            {"ROLLBACK_REQUESTED", "COMPLETED", "ROLLBACK_FAILED", "failed"},
		"a stop is asked for":               {"STOP_REQUESTED", "COMPLETED", "ROLLBACK_SUCCESSFUL", "rolled-back"},
		"it bakes, and is then rolled back": {"IN_PROGRESS", "COMPLETED", "ROLLBACK_SUCCESSFUL", "rolled-back"},
	} {
		t.Run("A3 "+name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				began := time.Now()
				d, _ := b.played(func(x *exchange) doc {
					answer := x.ecs()
					switch x.operation {
					case "DescribeServices":
						if primary := primaryOf(answer); primary["rolloutState"] == "COMPLETED" && len(b.ids()) > 1 {
							primary["rolloutState"] = c.state
						}
					case "DescribeServiceDeployments":
						record := only(answer, "serviceDeployments")
						record["status"], record["lifecycleStage"] = c.status, "BAKE_TIME"
						delete(record, "finishedAt")
						if time.Since(began) >= bake {
							record["status"] = c.end
						}
					}
					return answer
				})
				o, err := d.Run(b.Context(), request(), deploy.Policy{})
				if err != nil {
					b.Fatal(err)
				}
				b.want(o, c.verdict)
				b.within(began, bake, bake+10*time.Second)
			})
		})
	}
}

// TestSecondLife (A6): ECS goes back to a deployment whose record tells of its
// first life. Whoever joins it learns how the second one ends.
func TestSecondLife(t *testing.T) {
	for name, c := range map[string]struct {
		end     func(b *bench)
		verdict string
	}{
		"superseded": {func(b *bench) { b.colleague("repo/web:theirs") }, "superseded"},
		"deleted": {func(b *bench) {
			b.raw("DeleteService", `{"cluster":"prod","service":"web","force":true}`)
		}, "failed"},
		"completed": {func(*bench) {}, "succeeded"},
	} {
		for setting, s := range map[string]struct {
			denied string
			blind  time.Duration // how long ECS does not answer afterwards
		}{"": {"", 0}, ", records denied": {recordsDenied, 0}, ", seen late": {"", 4 * time.Minute}, ", seen late, records denied": {recordsDenied, 4 * time.Minute}} {
			t.Run("A6 "+name+setting, func(t *testing.T) {
				inWorld(t, webWorld+crash+s.denied, func(b *bench) {
					b.rollingBack()
					began := time.Now()
					time.AfterFunc(2*time.Second, func() { c.end(b) })
					d, _ := b.played(func(x *exchange) doc {
						if since := time.Since(began); since >= 2*time.Second && since < s.blind {
							return nil
						}
						return x.ecs()
					})
					o, err := d.Run(b.Context(), deploy.Request{Ref: webInProd, Want: deploy.Want{TaskDefinition: "web:1"}}, deploy.Policy{})
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

// TestDeletedMeanwhile (A7): a service that is deleted has failed, whatever was
// asked for.
func TestDeletedMeanwhile(t *testing.T) {
	count := func(n int32) deploy.Request {
		return deploy.Request{Ref: webInProd, ServiceSettings: deploy.ServiceSettings{DesiredCount: aws.Int32(n)}}
	}
	for name, r := range map[string]deploy.Request{"count": count(5), "count 0": count(0), "percent": {Ref: webInProd, ServiceSettings: deploy.ServiceSettings{MaximumPercent: aws.Int32(150)}}, "deployment": request(), "restart": restart()} {
		for _, absent := range []bool{false, true} {
			t.Run("A7 "+name+map[bool]string{true: ", no trace of it"}[absent], func(t *testing.T) {
				inWorld(t, webWorld, func(b *bench) {
					deleted := false
					d, _ := b.played(func(x *exchange) doc {
						answer := x.ecs()
						switch {
						case x.operation == "UpdateService":
							b.raw("DeleteService", `{"cluster":"prod","service":"web","force":true}`)
							deleted = true
						case deleted && absent && x.operation == "DescribeServices":
							return doc{"services": []any{}, "failures": []any{doc{"arn": "arn:aws:ecs:us-east-1:123456789012:service/prod/web", "reason": "MISSING"}}}
						case deleted && absent && strings.HasSuffix(x.operation, "ServiceDeployments"):
							return refused("ServiceNotFoundException")
						}
						return answer
					})
					began := time.Now()
					o, err := d.Run(b.Context(), r, deploy.Policy{})
					if got := b.exits(5, o, err); got.verdict != "failed" {
						b.Errorf("%s: %s", got.verdict, got.text)
					}
					b.within(began, 0, 2*time.Minute)
				})
			})
		}
	}
}

// TestClassicIsNotSettled (A8): behind a Classic Load Balancer there is no rollout
// state; the counts say that it is not where it should be.
func TestClassicIsNotSettled(t *testing.T) {
	edits := append([]string{"minimumHealthyPercent: 100", "minimumHealthyPercent: 0", "maximumPercent: 200", "maximumPercent: 100", "enable: true, rollback: true", "enable: false, rollback: false"}, classicService...)
	for name, c := range map[string]struct {
		again deploy.Request
		alone bool // ECS lists the new deployment only
	}{
		"the same again":        {request(), false},
		"the same again, alone": {request(), true},
		"the count it has":      {deploy.Request{Ref: webInProd, ServiceSettings: deploy.ServiceSettings{DesiredCount: aws.Int32(2)}}, false},
		"the percent it has":    {deploy.Request{Ref: webInProd, ServiceSettings: deploy.ServiceSettings{MaximumPercent: aws.Int32(100)}}, true},
	} {
		t.Run("A8 "+name, func(t *testing.T) {
			inWorld(t, strings.NewReplacer(edits...).Replace(webWorld)+fail("cannotPull"), func(b *bench) {
				b.run(request(), deploy.Policy{NoWait: true})
				time.Sleep(20 * time.Minute)
				if s := b.describe("web"); s.RunningCount != 0 || s.DesiredCount != 2 {
					b.Fatalf("the world is not as it should be: %d of %d", s.RunningCount, s.DesiredCount)
				}
				d, _ := b.played(func(x *exchange) doc {
					answer := x.ecs()
					if x.operation == "DescribeServices" && c.alone {
						only(answer, "services")["deployments"] = []any{primaryOf(answer)}
					}
					return answer
				})
				if got := b.say(d.Run(b.Context(), c.again, deploy.Policy{})); got.exit == 0 {
					b.Errorf("%s, exit code 0, with 0 of 2 tasks: %s", got.verdict, got.text)
				}
			})
		})
	}
}

// TestRunningButFailed (A10): a task runs, and the deployment has failed.
func TestRunningButFailed(t *testing.T) {
	for _, denied := range []string{"", recordsDenied} {
		t.Run("A10"+map[bool]string{true: " records denied"}[denied != ""], func(t *testing.T) {
			inWorld(t, noRollback+crash+denied, func(b *bench) {
				o := b.run(request(), deploy.Policy{NoWait: true})
				time.Sleep(20 * time.Minute)
				d, _ := b.played(func(x *exchange) doc {
					answer := x.ecs()
					if x.operation == "DescribeServices" {
						primaryOf(answer)["runningCount"] = 1
					}
					return answer
				})
				o, err := d.Watch(b.Context(), o.Deployment, deploy.WatchOptions{Until: rollout.UntilRunning})
				b.exits(5, o, err)
			})
		})
	}
}

// TestOneReadIsNotEnough (A11): if the record cannot be read, a success needs a
// second look.
func TestOneReadIsNotEnough(t *testing.T) {
	for name, c := range map[string]struct {
		says   func(n int) bool // what the nth look since twenty seconds says: completed
		faults string
	}{
		"one":            {func(n int) bool { return n == 1 }, recordsDenied},
		"every second":   {func(n int) bool { return n%2 == 1 }, recordsDenied},
		"every third":    {func(n int) bool { return n%3 == 1 }, recordsDenied},
		"one, disturbed": {func(n int) bool { return n == 1 }, "\nfaults: [{operations: ['*ServiceDeployments'], status: 503, body: '<html>busy</html>'}]\n"},
		"one, not known": {func(n int) bool { return n == 1 }, "\nfaults: [{operations: ['*ServiceDeployments'], code: UnknownOperationException, message: what}]\n"},
	} {
		t.Run("A11 "+name, func(t *testing.T) {
			inWorld(t, webWorld+crash+c.faults, func(b *bench) {
				began, looks := time.Now(), 0
				d, _ := b.played(func(x *exchange) doc {
					answer := x.ecs()
					if x.operation == "DescribeServices" && time.Since(began) > 20*time.Second {
						if primary := primaryOf(answer); len(deploymentsOf(answer)) == 2 && primary["rolloutState"] == "IN_PROGRESS" {
							if looks++; c.says(looks) {
								primary["rolloutState"] = "COMPLETED"
							}
						}
					}
					return answer
				})
				o, err := d.Run(b.Context(), request(), deploy.Policy{})
				b.exits(6, o, err)
				if looks == 0 {
					b.Error("nothing was played")
				}
			})
		})
	}
	t.Run("A11 a success all the same", func(t *testing.T) {
		inWorld(t, webWorld+recordsDenied, func(b *bench) {
			var completed time.Time
			d, _ := b.played(func(x *exchange) doc {
				answer := x.ecs()
				if x.operation == "DescribeServices" && completed.IsZero() && len(b.ids()) == 0 && primaryOf(answer)["taskDefinition"] != nil {
					if primary := primaryOf(answer); strings.HasSuffix(primary["taskDefinition"].(string), "web:2") && primary["rolloutState"] == "COMPLETED" {
						completed = time.Now()
					}
				}
				return answer
			})
			o, err := d.Run(b.Context(), request(), deploy.Policy{})
			b.exits(0, o, err)
			b.within(completed, time.Second, 5*time.Second)
		})
	})
}

// TestDrainedByTheCounts (A13): if tasks cannot be listed, the counts of the
// other deployments say that they still run.
func TestDrainedByTheCounts(t *testing.T) {
	for name, c := range map[string]struct {
		earlier string
		forever bool
		exit    int
	}{
		"they stop":         {"ACTIVE", false, 0},
		"they never stop":   {"ACTIVE", true, 7},
		"they are DRAINING": {"DRAINING", false, 0},
	} {
		t.Run("A13 "+name, func(t *testing.T) {
			inWorld(t, webWorld+"\nfaults: [{operations: [ListTasks, DescribeTasks], code: AccessDeniedException, message: no}]\n", func(b *bench) {
				var earlier doc
				var completed time.Time
				d, _ := b.played(func(x *exchange) doc {
					answer := x.ecs()
					if x.operation != "DescribeServices" {
						return answer
					}
					if earlier == nil {
						earlier = copied(primaryOf(answer))
						earlier["status"], earlier["runningCount"], earlier["desiredCount"] = c.earlier, 2, 0
					}
					primary := primaryOf(answer)
					if primary["id"] != earlier["id"] && primary["rolloutState"] == "COMPLETED" {
						if completed.IsZero() {
							completed = time.Now()
						}
						if c.forever || time.Since(completed) < time.Minute {
							only(answer, "services")["deployments"] = []any{primary, earlier}
						}
					}
					return answer
				})
				o, err := d.Run(b.Context(), request(), deploy.Policy{Watch: deploy.WatchOptions{Until: rollout.UntilDrained, CompleteTimeout: 10 * time.Minute}})
				b.exits(c.exit, o, err)
				b.within(completed, time.Minute, 10*time.Minute)
			})
		})
	}
}
