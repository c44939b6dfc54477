package deploy

// The settings of a service that say how it deploys: the strategy with its steps and
// times, the circuit breaker, the alarms. All are members of deploymentConfiguration.

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// CircuitBreaker says what the deployment circuit breaker of a service does.
type CircuitBreaker string

// The answers.
const (
	// CircuitBreakerOff: nothing ends a deployment whose tasks fail.
	CircuitBreakerOff CircuitBreaker = "off"
	// CircuitBreakerOn: ECS ends it.
	CircuitBreakerOn CircuitBreaker = "on"
	// CircuitBreakerRollback: ECS ends it and rolls it back.
	CircuitBreakerRollback CircuitBreaker = "rollback"
)

// The limits of ECS (DeploymentConfiguration, LinearConfiguration, CanaryConfiguration).
const (
	mostMinutes   = 1440
	leastStep     = 3.0
	leastCanary   = 0.1
	strategyName  = "strategy"
	canaryMembers = "canaryConfiguration."
	linearMembers = "linearConfiguration."
)

// strategyTable are the rows of settingTable about strategies.
func strategyTable() []settingRow {
	return []settingRow{
		{
			path: configuration + strategyName, words: "deployment strategy", flag: "--strategy", absent: rollout.StrategyRolling,
			asked: func(s ServiceSettings) any { return given(s.Strategy) }, check: knownStrategy, text: strategyWord,
		},
		{
			path: configuration + "bakeTimeInMinutes", words: "bake time", flag: "--bake-time", text: minutesText,
			asked: func(s ServiceSettings) any { return given(s.BakeTimeInMinutes) }, check: fewMinutes,
		},
		{
			path: configuration + canaryMembers + "canaryPercent", words: "canary percent", flag: "--canary-percent",
			asked: func(s ServiceSettings) any { return given(s.CanaryPercent) }, check: percentFrom(leastCanary), of: string(types.DeploymentStrategyCanary),
		},
		{
			path: configuration + canaryMembers + "canaryBakeTimeInMinutes", words: "canary bake time", flag: "--canary-bake-time", text: minutesText,
			asked: func(s ServiceSettings) any { return given(s.CanaryBakeTimeInMinutes) }, check: fewMinutes, of: string(types.DeploymentStrategyCanary),
		},
		{
			path: configuration + linearMembers + "stepPercent", words: "step percent", flag: "--step-percent",
			asked: func(s ServiceSettings) any { return given(s.StepPercent) }, check: percentFrom(leastStep), of: string(types.DeploymentStrategyLinear),
		},
		{
			path: configuration + linearMembers + "stepBakeTimeInMinutes", words: "step bake time", flag: "--step-bake-time", text: minutesText,
			asked: func(s ServiceSettings) any { return given(s.StepBakeTimeInMinutes) }, check: fewMinutes, of: string(types.DeploymentStrategyLinear),
		},
		{
			path: configuration + "deploymentCircuitBreaker", words: "circuit breaker", flag: "--circuit-breaker", merges: true, text: breakerWord,
			absent: map[string]any{"enable": false, "rollback": false},
			asked:  func(s ServiceSettings) any { return breakerOf(s.DeploymentCircuitBreaker) }, check: knownBreaker,
		},
		{
			path: configuration + "alarms", words: "deployment alarms", flag: "--alarm", merges: true, text: alarmWords,
			absent: map[string]any{"alarmNames": []any{}, "enable": false, "rollback": false},
			asked:  func(s ServiceSettings) any { return alarmsOf(s.Alarms) }, check: func(settingRow, ServiceSettings) error { return nil },
		},
	}
}

// StrategyValues are the deployment strategies, as words of flags and settings files.
func StrategyValues() []string { return []string{"rolling", "blue-green", "linear", "canary"} }

// CircuitBreakerValues are the values of [CircuitBreaker].
func CircuitBreakerValues() []CircuitBreaker {
	return []CircuitBreaker{CircuitBreakerOn, CircuitBreakerOff, CircuitBreakerRollback}
}

// StrategyOf is the strategy of a word: BLUE_GREEN of blue-green.
func StrategyOf(word string) string { return strings.ToUpper(strings.ReplaceAll(word, "-", "_")) }

// strategyWord is the word of a strategy.
func strategyWord(value any) string {
	return strings.ToLower(strings.ReplaceAll(shown(value), "_", "-"))
}

func minutesText(value any) string { return shown(value) + "m" }

func knownStrategy(_ settingRow, s ServiceSettings) error {
	if !slices.Contains(StrategyValues(), strategyWord(*s.Strategy)) {
		return &UsageError{Problem: fmt.Sprintf("%q is not a deployment strategy", *s.Strategy), Remedy: "use one of: " + strings.Join(StrategyValues(), ", ")}
	}
	return nil
}

func fewMinutes(row settingRow, s ServiceSettings) error {
	if n, ok := number(row.asked(s)); ok && n > mostMinutes {
		return &UsageError{Problem: fmt.Sprintf("the %s is %d minutes; ECS takes 0 to %d", row.words, n, mostMinutes), Remedy: "pass a time of at most 24h, in whole minutes"}
	}
	return notNegative(row, s)
}

// percentFrom refuses what is no multiple of 0.1 between a limit and 100.
func percentFrom(least float64) func(settingRow, ServiceSettings) error {
	return func(row settingRow, s ServiceSettings) error {
		value, _ := row.asked(s).(float64)
		if tenths := value * 10; value >= least && value <= 100 && math.Abs(tenths-math.Round(tenths)) < 1e-6 {
			return nil
		}
		return &UsageError{Problem: fmt.Sprintf("the %s is %g; ECS takes %g to 100, in steps of 0.1", row.words, value, least), Remedy: "pass such a number"}
	}
}

func breakerOf(b *CircuitBreaker) any {
	if b == nil {
		return nil
	}
	return map[string]any{"enable": *b == CircuitBreakerOn || *b == CircuitBreakerRollback, "rollback": *b == CircuitBreakerRollback}
}

func knownBreaker(_ settingRow, s ServiceSettings) error {
	return oneOf("circuit-breaker", *s.DeploymentCircuitBreaker, CircuitBreakerValues())
}

// breakerWord is the word for what ECS shows of a circuit breaker.
func breakerWord(value any) string {
	object, _ := plain(value).(map[string]any)
	switch {
	case object["enable"] != true:
		return string(CircuitBreakerOff)
	case object["rollback"] == true:
		return string(CircuitBreakerRollback)
	}
	return string(CircuitBreakerOn)
}

// NoAlarm, as the only name of an alarm, turns the deployment alarms off.
const NoAlarm = "none"

func alarmsOf(names *[]string) any {
	switch {
	case names == nil:
		return nil
	case len(*names) == 0, len(*names) == 1 && (*names)[0] == NoAlarm:
		return map[string]any{"alarmNames": []any{}, "enable": false, "rollback": false}
	}
	return map[string]any{"alarmNames": *names, "enable": true, "rollback": true}
}

// alarmWords are the names of the alarms that ECS shows.
func alarmWords(value any) string {
	object, _ := plain(value).(map[string]any)
	names, _ := object["alarmNames"].([]any)
	if object["enable"] != true || len(names) == 0 {
		return NoAlarm
	}
	var words []string
	for _, name := range names {
		words = append(words, fmt.Sprint(name))
	}
	return strings.Join(words, ",")
}

// strategyAfter is the strategy of the service with the settings changed.
func (s *described) strategyAfter(settings []Setting) string {
	row, _ := rowOf(strategyName)
	value := s.setting(row)
	for _, setting := range settings {
		if setting.Name == strategyName {
			value = setting.New
		}
	}
	return cmp.Or(shown(value), rollout.StrategyRolling)
}

// refusesStrategy finds what is wrong with the requested strategy for this service, or
// with steps of another strategy, before anything is written.
func (s *described) refusesStrategy(r Request, settings []Setting) error {
	name, strategy := aws.ToString(s.ServiceName), s.strategyAfter(settings)
	for _, asked := range r.askedSettings() {
		if asked.of != "" && asked.of != strategy {
			return &UsageError{
				Problem: fmt.Sprintf("the %s is a setting of the strategy %s, and service %s deploys with %s", asked.words, strategyWord(asked.of), name, strategyWord(strategy)),
				Remedy:  "pass --strategy " + strategyWord(asked.of) + ", or leave out " + asked.flag,
			}
		}
	}
	if !r.asks(strategyName) || strategy == rollout.StrategyRolling {
		return nil
	}
	refused := func(why, remedy string) error {
		return &UsageError{Problem: fmt.Sprintf("service %s cannot deploy with the strategy %s: %s", name, strategyWord(strategy), why), Remedy: remedy}
	}
	if s.LaunchType == types.LaunchTypeExternal {
		return refused("its tasks run on external instances, for which ECS has only rolling deployments", "leave out --strategy")
	}
	for _, balancer := range s.LoadBalancers {
		advanced := balancer.AdvancedConfiguration
		switch {
		case aws.ToString(balancer.LoadBalancerName) != "":
			return refused("a Classic Load Balancer cannot shift traffic", "use an Application Load Balancer or a Network Load Balancer")
		case advanced == nil:
			return refused("its load balancer has no second target group, no production rule and no role (advancedConfiguration)", "add them first, as docs/strategies.md shows; that starts a deployment")
		case aws.ToString(advanced.RoleArn) == "":
			return refused("its load balancer has no role with which ECS can change the listener rules (advancedConfiguration.roleArn)", "add a role with the policy AmazonECSInfrastructureRolePolicyForLoadBalancers")
		}
	}
	if strategy != string(types.DeploymentStrategyBlueGreen) && !s.carriesTraffic() {
		return refused("it has no load balancer, Service Connect or VPC Lattice whose traffic ECS could shift in steps", "use --strategy blue-green or rolling")
	}
	return nil
}

// carriesTraffic reports whether ECS can shift traffic of the service.
func (s *described) carriesTraffic() bool {
	if len(s.LoadBalancers) > 0 {
		return true
	}
	primary := s.Primary()
	if primary == nil {
		return false
	}
	connect := primary.ServiceConnectConfiguration
	return connect != nil && connect.Enabled || len(primary.VpcLatticeConfigurations) > 0
}

// noteStrategy says what is good to know about how the service deploys.
func (p *Plan) noteStrategy() {
	shifts := rollout.Shifts(p.described.strategyAfter(p.Settings))
	if p.starts() && shifts && p.breakerAfter() == string(CircuitBreakerOff) {
		p.Notes = append(p.Notes, "no circuit breaker is on: ECS starts failing tasks again for up to 24 hours; --circuit-breaker rollback turns it on")
	}
	if p.Action != ActionSettings {
		return
	}
	for _, setting := range p.Settings {
		if row, _ := rowOf(setting.Name); slices.Contains(strategyPaths(), row.path) {
			p.Notes = append(p.Notes, "ECS starts no deployment for these settings; the next deployment uses them")
			return
		}
	}
}

// strategyPaths are the paths of the settings that say how the service deploys.
func strategyPaths() []string {
	var paths []string
	for _, row := range strategyTable() {
		paths = append(paths, row.path)
	}
	return paths
}

// breakerAfter is what the circuit breaker does when the plan is carried out.
func (p *Plan) breakerAfter() string {
	row, _ := rowOf("deploymentCircuitBreaker")
	value := p.described.setting(row)
	for _, setting := range p.Settings {
		if setting.Name == row.name() {
			value = setting.New
		}
	}
	return breakerWord(value)
}

// refusesRules refuses a deployment that ECS would roll back at once: the production rule
// sends traffic to two target groups, or to a foreign one. It warns if the rule sends nothing to the running
// tasks. A rule that cannot be read is not checked.
func (d *Deployer) refusesRules(ctx context.Context, p *Plan) error {
	if !p.starts() || d.elb == nil || p.InProgress != nil || !rollout.Shifts(p.described.strategyAfter(p.Settings)) {
		return nil
	}
	running, _ := d.placed(ctx, p.described.runningRevision())
	for _, balancer := range p.described.LoadBalancers {
		if balancer.AdvancedConfiguration == nil {
			continue
		}
		rule := aws.ToString(balancer.AdvancedConfiguration.ProductionListenerRule)
		found, err := d.route(ctx, rule)
		if err == nil && len(found.weights) > 0 && found.live(pairOf(balancer)) == "" {
			return &UsageError{
				Problem: fmt.Sprintf("the production rule of service %s %s; ECS would roll the deployment back at once", rollout.ShortName(p.Service), found.wrongFor(pairOf(balancer))),
				Remedy:  "give all the weight to the group of the running tasks" + changing(rule),
			}
		}
		if m := found.misses(rule, running[rule]); m != nil {
			p.Warnings = append(p.Warnings, m.String()+besideThem+"; ecs-deploy status prints the command that sends the traffic to the running tasks")
		}
	}
	return nil
}
