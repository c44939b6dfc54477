package forecast

// The simulated world of a service: as many tasks, the same settings, and containers
// that start and become healthy as the service's own do.

import (
	"maps"
	"strconv"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// The names in a world. They are the world's own: those of the real service do not
// matter, and need not be such as a simulator takes.
const (
	cluster     = "forecast"
	service     = "service"
	before      = "before"
	wanted      = "wanted"
	beforeImage = before + ":1"
	wantedImage = wanted + ":1"
	port        = 80
	targetGroup = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/group/"
)

const (
	checkEvery   = 30 * time.Second // ECS's default interval of a container's health check
	withoutCheck = 40 * time.Second // a task without any check is healthy after that (ECS)
)

// tale is what the new tasks of a deployment do.
type tale struct {
	start  time.Duration // of all tasks; 0: the simulator's default
	images []ecssim.ImageRule
	alarms []ecssim.AlarmSpec
	slots  *int // of the cluster; nil: no limit
}

// good is the tale of new tasks that start and become healthy.
func good(c deploy.Conditions, start time.Duration) tale {
	return tale{start: start, images: []ecssim.ImageRule{healthy(c, wantedImage, start)}}
}

// healthy is the rule for an image whose tasks start and become healthy.
func healthy(c deploy.Conditions, image string, start time.Duration) ecssim.ImageRule {
	after, _ := healthyAfter(c)
	return ecssim.ImageRule{Match: image, Behaviour: ecssim.Starts, StartAfter: ecssim.Duration(start), HealthyAfter: ecssim.Duration(after)}
}

// healthyAfter is how long after its start a task counts as healthy, and why.
func healthyAfter(c deploy.Conditions) (after time.Duration, source string) {
	after, source = withoutCheck, "no health check"
	if interval, checked := containerCheck(c.Wanted); checked {
		after, source = interval, "container health check"
	} else if len(c.TargetGroups) > 0 {
		after = 0
	}
	for _, group := range c.TargetGroups {
		if group.Interval > after {
			after, source = group.Interval, "target group"
		}
	}
	return after, source
}

// containerCheck is the longest interval of the health checks of essential containers.
func containerCheck(timings []taskdef.Timing) (interval time.Duration, checked bool) {
	for _, t := range timings {
		if t.Check == nil || !t.Essential {
			continue
		}
		checked = true
		if t.Check.Interval > 0 {
			interval = max(interval, t.Check.Interval)
		} else {
			interval = max(interval, checkEvery)
		}
	}
	return interval, checked
}

// world is the service at rest, before the deployment.
func (f *Forecaster) world(c deploy.Conditions, t tale) ecssim.World {
	w := ecssim.World{
		Switches: f.timing,
		Clusters: []ecssim.ClusterSpec{{Name: cluster, TaskSlots: t.slots}},
		TaskDefinitions: []ecssim.Document{
			definition(before, beforeImage, c.Before, c.Daemon),
			definition(wanted, wantedImage, c.Wanted, c.Daemon),
		},
		Services: []ecssim.Document{serviceOf(c)},
		Images:   append([]ecssim.ImageRule{healthy(c, beforeImage, t.start)}, t.images...),
		Alarms:   t.alarms,
	}
	if c.Daemon {
		const plenty = 1 << 20
		w.Clusters[0].ContainerInstances = []ecssim.InstanceSpec{{Count: c.Tasks, CPU: plenty, Memory: plenty}}
		if c.Tasks == 0 {
			w.Clusters[0].ContainerInstances = nil
		}
	}
	delay := time.Duration(0)
	for _, group := range c.TargetGroups {
		delay = max(delay, group.DeregistrationDelay)
	}
	if len(c.TargetGroups) > 0 {
		w.Switches.DeregistrationDelay = (*ecssim.Duration)(&delay)
	}
	return w
}

// serviceOf is the input of CreateService.
func serviceOf(c deploy.Conditions) ecssim.Document {
	doc := ecssim.Document{
		"cluster": cluster, "serviceName": service, "taskDefinition": before, "deploymentConfiguration": configuration(c),
	}
	if c.Daemon {
		doc["schedulingStrategy"], doc["launchType"] = "DAEMON", "EC2"
	} else {
		doc["desiredCount"], doc["launchType"] = c.Tasks, "FARGATE"
		doc["networkConfiguration"] = map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-1"}}}
	}
	if c.GracePeriod > 0 {
		doc["healthCheckGracePeriodSeconds"] = int(c.GracePeriod.Seconds())
	}
	var balancers []any
	if c.Rule != "" {
		balancers = []any{pair(c)}
		c.TargetGroups = nil
	}
	for i := range c.TargetGroups {
		balancers = append(balancers, map[string]any{"targetGroupArn": targetGroup + strconv.Itoa(i), "containerName": containerName(0), "containerPort": port})
	}
	if balancers != nil {
		doc["loadBalancers"] = balancers
	}
	return doc
}

// pair is a load balancer whose traffic the deployment shifts.
func pair(c deploy.Conditions) map[string]any {
	advanced := map[string]any{
		"alternateTargetGroupArn": targetGroup + "other", "productionListenerRule": c.Rule, "roleArn": "arn:aws:iam::123456789012:role/infrastructure",
	}
	if c.TestRule != "" {
		advanced["testListenerRule"] = c.TestRule
	}
	return map[string]any{"targetGroupArn": targetGroup + "0", "containerName": containerName(0), "containerPort": port, "advancedConfiguration": advanced}
}

// shifts reports whether the deployment shifts traffic.
func shifts(c deploy.Conditions) bool {
	strategy, _ := c.Configuration["strategy"].(string)
	return rollout.Shifts(strategy)
}

// configuration is the deploymentConfiguration without what a forecast leaves out: a
// hook takes as long as its function or its person does. Without a way back, ECS does
// not roll back, whatever the circuit breaker and the alarms say.
func configuration(c deploy.Conditions) map[string]any {
	configuration := maps.Clone(c.Configuration)
	delete(configuration, "lifecycleHooks")
	if !c.NoWayBack {
		return configuration
	}
	for _, guard := range []string{"deploymentCircuitBreaker", "alarms"} {
		if settings, ok := configuration[guard].(map[string]any); ok {
			settings = maps.Clone(settings)
			settings["rollback"] = false
			configuration[guard] = settings
		}
	}
	return configuration
}

// watched reports whether the circuit breaker, or the alarms, are on, and whether they
// roll back.
func watched(c deploy.Conditions, guard string) (enabled, rollsBack bool) {
	settings, _ := c.Configuration[guard].(map[string]any)
	return settings["enable"] == true, settings["enable"] == true && settings["rollback"] == true
}

func hasBreaker(c deploy.Conditions) bool {
	enabled, _ := watched(c, "deploymentCircuitBreaker")
	return enabled
}

func watchesAlarms(c deploy.Conditions) bool {
	enabled, _ := watched(c, "alarms")
	return enabled
}

// definition is a task definition whose containers take the time that the real ones do.
func definition(family, image string, timings []taskdef.Timing, daemon bool) ecssim.Document {
	var containers []any
	essential := false
	for i, t := range timings {
		container := map[string]any{"name": containerName(i), "image": image, "essential": t.Essential, "memory": 6}
		essential = essential || t.Essential
		if i == 0 {
			container["portMappings"] = []any{map[string]any{"containerPort": port}}
		}
		if t.StopTimeout > 0 {
			container["stopTimeout"] = int(t.StopTimeout.Seconds())
		}
		if t.Check != nil {
			container["healthCheck"] = check(*t.Check)
		}
		containers = append(containers, container)
	}
	if !essential { // nothing is known of the containers
		containers = append(containers, map[string]any{"name": containerName(len(timings)), "image": image, "memory": 6})
	}
	doc := ecssim.Document{"family": family, "containerDefinitions": containers}
	if daemon {
		doc["networkMode"] = "bridge"
		return doc
	}
	maps.Copy(doc, ecssim.Document{"networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"}, "cpu": "256", "memory": "512"})
	return doc
}

func containerName(i int) string { return "c" + strconv.Itoa(i) }

// check is a container's health check with the members that it has.
func check(c taskdef.HealthCheck) map[string]any {
	doc := map[string]any{"command": []any{"CMD", "check"}}
	for name, value := range map[string]int{"interval": int(c.Interval.Seconds()), "startPeriod": int(c.StartPeriod.Seconds()), "retries": c.Retries} {
		if value > 0 {
			doc[name] = value
		}
	}
	return doc
}
