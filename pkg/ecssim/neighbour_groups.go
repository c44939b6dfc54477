package ecssim

// This file shows target groups as Elastic Load Balancing v2 does: those that
// services name, with ELB's default settings.

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// targetGroupsResult is what DescribeTargetGroups answers.
type targetGroupsResult struct {
	Groups struct {
		Member []groupDescription `xml:"member"`
	} `xml:"TargetGroups"`
}

type groupDescription struct {
	Arn              string `xml:"TargetGroupArn"`
	Name             string `xml:"TargetGroupName"`
	Protocol         string
	ProtocolVersion  string
	Port             int
	VPC              string `xml:"VpcId"`
	Type             string `xml:"TargetType"`
	AddressType      string `xml:"IpAddressType"`
	CheckEnabled     bool   `xml:"HealthCheckEnabled"`
	CheckProtocol    string `xml:"HealthCheckProtocol"`
	CheckPort        string `xml:"HealthCheckPort"`
	CheckPath        string `xml:"HealthCheckPath"`
	CheckInterval    int    `xml:"HealthCheckIntervalSeconds"`
	CheckTimeout     int    `xml:"HealthCheckTimeoutSeconds"`
	Healthy          int    `xml:"HealthyThresholdCount"`
	Unhealthy        int    `xml:"UnhealthyThresholdCount"`
	Codes            string `xml:"Matcher>HttpCode"`
	LoadBalancerArns struct {
		Member []string `xml:"member"`
	}
}

// groupName is the name in a target group's ARN, or empty if it has none.
func groupName(arn string) string {
	_, rest, _ := strings.Cut(arn, ":targetgroup/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// noGroup is what ELB says about an ARN that is no target group's.
func noGroup(arn string) *apiError {
	if !strings.HasPrefix(arn, "arn:") || groupName(arn) == "" {
		return &apiError{code: "ValidationError", message: "'" + arn + "' is not a valid target group ARN"}
	}
	return &apiError{code: "TargetGroupNotFound", message: "One or more target groups not found"}
}

// groups are the target groups of the account, in the order of their names and
// ARNs.
func (e *engine) groups() []groupDescription {
	found := map[string]groupDescription{}
	e.eachServiceOf(func(s *service) {
		if s.Status == "INACTIVE" {
			return
		}
		for _, r := range s.started() {
			kind := "instance"
			if td := e.taskDefinition(r.TaskDefinition); td != nil && td.Doc["networkMode"] == "awsvpc" {
				kind = "ip"
			}
			for _, lb := range objects(r.Spec["loadBalancers"]) {
				if arn, _ := lb["targetGroupArn"].(string); arn != "" {
					found[arn] = describeGroup(arn, kind, number(lb["containerPort"], 80))
				}
			}
			for _, b := range advancedBalancers(r.Spec) {
				g := found[b.group]
				if b.network() {
					g.Protocol, g.ProtocolVersion, g.CheckProtocol, g.CheckPath, g.Codes = "TCP", "", "TCP", "", ""
				}
				g.LoadBalancerArns.Member = []string{balancerOf(b.production)}
				found[b.group] = g
				g.Arn, g.Name = b.alternate, groupName(b.alternate)
				found[b.alternate] = g
			}
		}
	})
	var list []groupDescription
	for _, arn := range sortedKeys(found) {
		list = append(list, found[arn])
	}
	slices.SortStableFunc(list, func(a, b groupDescription) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func describeGroup(arn, kind string, port int) groupDescription {
	name := groupName(arn)
	g := groupDescription{
		Arn: arn, Name: name, Protocol: "HTTP", ProtocolVersion: "HTTP1", Port: port,
		VPC: "vpc-" + derived("vpc", "account", 17), Type: kind, AddressType: "ipv4",
		CheckEnabled: true, CheckProtocol: "HTTP", CheckPort: "traffic-port", CheckPath: "/",
		CheckInterval: 30, CheckTimeout: 5, Healthy: 5, Unhealthy: 2, Codes: "200",
	}
	if prefix, _, ok := strings.Cut(arn, ":targetgroup/"); ok {
		g.LoadBalancerArns.Member = []string{prefix + ":loadbalancer/app/" + name + "/" + derived("balancer", arn, 16)}
	}
	return g
}

// findGroup finds a target group by its ARN, or nil.
func (e *engine) findGroup(arn string) *groupDescription {
	for _, g := range e.groups() {
		if g.Arn == arn {
			return &g
		}
	}
	return nil
}

func (e *engine) describeTargetGroups(form url.Values) (any, *apiError) {
	all := e.groups()
	result := targetGroupsResult{}
	arns, names := formList(form, "TargetGroupArns"), formList(form, "Names")
	for _, arn := range arns {
		g := e.findGroup(arn)
		if g == nil {
			return nil, noGroup(arn)
		}
		result.Groups.Member = append(result.Groups.Member, *g)
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(g groupDescription) bool { return g.Name == name })
		if i < 0 {
			return nil, &apiError{code: "TargetGroupNotFound", message: "One or more target groups not found"}
		}
		result.Groups.Member = append(result.Groups.Member, all[i])
	}
	if len(arns)+len(names) > 0 {
		return result, nil
	}
	balancer := form.Get("LoadBalancerArn")
	for _, g := range all {
		if balancer == "" || slices.Contains(g.LoadBalancerArns.Member, balancer) {
			result.Groups.Member = append(result.Groups.Member, g)
		}
	}
	return result, nil
}

// formList is a list in a form of the query protocol.
func formList(form url.Values, name string) []string {
	var list []string
	for i := 1; ; i++ {
		v := form.Get(name + ".member." + strconv.Itoa(i))
		if v == "" {
			return list
		}
		list = append(list, v)
	}
}

// groupAttributesResult is what DescribeTargetGroupAttributes answers.
type groupAttributesResult struct {
	Attributes struct {
		Member []groupAttribute `xml:"member"`
	}
}

type groupAttribute struct{ Key, Value string }

// describeGroupAttributes answers the deregistration delay, the one attribute that
// the simulator has.
func (e *engine) describeGroupAttributes(form url.Values) (any, *apiError) {
	arn := form.Get("TargetGroupArn")
	if e.findGroup(arn) == nil {
		return nil, noGroup(arn)
	}
	delay := orDefault(e.World.Switches.DeregistrationDelay, defaultDeregistration)
	result := groupAttributesResult{}
	result.Attributes.Member = []groupAttribute{{"deregistration_delay.timeout_seconds", strconv.Itoa(int(delay.Seconds()))}}
	return result, nil
}
