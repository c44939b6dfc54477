package ecssim

// This file says what a call needs by IAM: actions, the resources that they are about,
// and condition keys ["Actions, resources, and condition keys" of each service in the
// Service Authorization Reference]. An action without resources there is about "*".

import (
	"encoding/json"
	"net/url"
	"strings"
)

// access is one action on resources, with the values of the condition keys.
type access struct {
	action    string
	resources []string
	keys      map[string]string
}

// actionPrefixes are the services as IAM calls them, by their names; STS is not here,
// because the trust policy of a role decides.
var actionPrefixes = map[string]string{
	"Amazon ECS": "ecs", "Amazon CloudWatch Logs": "logs", "Amazon ECR": "ecr", "AWS Secrets Manager": "secretsmanager",
	"AWS Systems Manager": "ssm", "Application Auto Scaling": "application-autoscaling",
	"Elastic Load Balancing v2": "elasticloadbalancing", "AWS IAM": "iam", "Amazon CloudWatch": "cloudwatch",
}

// accesses are what a request needs.
func (e *engine) accesses(req wireRequest) []access {
	var in asked
	service, operation := "", req.operation()
	if req.query {
		service, in = queried(req.form()).name, asked{engine: e, form: req.form()}
	} else {
		found, _ := jsonTarget(req.target)
		service, in = found.name, asked{engine: e}
		if json.Unmarshal(req.body, &in.body) != nil {
			return nil // refused for another reason
		}
	}
	prefix, ok := actionPrefixes[service]
	if !ok {
		return nil
	}
	a := access{action: prefix + ":" + operation, resources: []string{"*"}}
	if about := aboutOperations[a.action]; about != nil {
		a.resources = about(in)
	}
	if prefix != "ecs" {
		return []access{a}
	}
	if usesCluster[operation] {
		a.keys = map[string]string{"ecs:cluster": e.arn("cluster/" + in.cluster())}
	}
	return append([]access{a}, in.passed(operation)...)
}

// asked is what a request asks for, in either protocol.
type asked struct {
	*engine
	body Document
	form url.Values
}

func (in asked) text(member string) string {
	value, _ := in.body[member].(string)
	return value
}

func (in asked) list(member string) []string {
	values, _ := in.body[member].([]any)
	var all []string
	for _, v := range values {
		text, _ := v.(string)
		all = append(all, text)
	}
	return all
}

// cluster is the name of the cluster of a request to ECS.
func (in asked) cluster() string {
	if name := shortName(in.text("cluster")); name != "" {
		return name
	}
	return "default"
}

// inCluster is the ARN of a thing in the request's cluster, by its name or ARN.
func (in asked) inCluster(kind, identifier string) string {
	if strings.HasPrefix(identifier, "arn:") {
		return identifier
	}
	return in.arn(kind + "/" + in.cluster() + "/" + identifier)
}

// each makes the resources of a member that is a list of names or ARNs, or one.
func each(kind, member string) func(asked) []string {
	return func(in asked) []string {
		names := in.list(member)
		if one := in.text(member); one != "" {
			names = []string{one}
		}
		var all []string
		for _, name := range names {
			all = append(all, in.inCluster(kind, name))
		}
		return all
	}
}

// aboutCluster is the cluster of the request.
func aboutCluster(in asked) []string { return []string{in.arn("cluster/" + in.cluster())} }

// aboutDefinition is the revision that the request names.
func aboutDefinition(in asked) []string {
	if found, err := in.resolve(in.text("taskDefinition")); err == nil && found != nil {
		return []string{found.arn()}
	}
	return []string{in.arn("task-definition/" + shortName(in.text("taskDefinition")))}
}

// neighbour is the ARN of a resource of another service in this account and Region.
func (in asked) neighbour(service, resource string) string {
	return "arn:aws:" + service + ":" + in.World.region() + ":" + in.World.account() + ":" + resource
}

// logs is a log group or a stream in it.
func (in asked) logs(stream string) string {
	if arn := in.text("logGroupIdentifier"); strings.HasPrefix(arn, "arn:") {
		return strings.TrimSuffix(arn, ":*") + ":log-stream:" + stream
	}
	group := in.text("logGroupName")
	if group == "" {
		group = in.text("logGroupIdentifier")
	}
	return in.neighbour("logs", "log-group:"+group+":log-stream:"+stream)
}

// aboutOperations are the resources of the actions that have any.
var aboutOperations = map[string]func(asked) []string{
	"ecs:DescribeServices":            each("service", "services"),
	"ecs:CreateService":               each("service", "serviceName"),
	"ecs:UpdateService":               each("service", "service"),
	"ecs:DeleteService":               each("service", "service"),
	"ecs:ListServiceDeployments":      each("service", "service"),
	"ecs:UpdateServicePrimaryTaskSet": each("service", "service"),
	"ecs:DescribeServiceDeployments":  each("service-deployment", "serviceDeploymentArns"),
	"ecs:StopServiceDeployment":       each("service-deployment", "serviceDeploymentArn"),
	"ecs:ContinueServiceDeployment":   each("service-deployment", "serviceDeploymentArn"),
	"ecs:DescribeServiceRevisions":    each("service-revision", "serviceRevisionArns"),
	"ecs:DescribeTasks":               each("task", "tasks"),
	"ecs:StopTask":                    each("task", "task"),
	"ecs:ExecuteCommand":              each("task", "task"),
	"ecs:GetTaskProtection":           each("task", "tasks"),
	"ecs:UpdateTaskProtection":        each("task", "tasks"),
	"ecs:DescribeContainerInstances":  each("container-instance", "containerInstances"),
	"ecs:ListContainerInstances":      aboutCluster,
	"ecs:RunTask":                     aboutDefinition,
	"ecs:StartTask":                   aboutDefinition,
	"ecs:TagResource":                 each("", "resourceArn"),
	"ecs:UntagResource":               each("", "resourceArn"),
	"ecs:ListTagsForResource":         each("", "resourceArn"),

	"logs:GetLogEvents":    func(in asked) []string { return []string{in.logs(in.text("logStreamName"))} },
	"logs:FilterLogEvents": func(in asked) []string { return []string{in.logs("")} },
	"ecr:DescribeImages": func(in asked) []string {
		return []string{in.neighbour("ecr", "repository/"+in.text("repositoryName"))}
	},
	"secretsmanager:DescribeSecret": func(in asked) []string {
		if id := in.text("SecretId"); strings.HasPrefix(id, "arn:") {
			return []string{id}
		}
		return []string{in.neighbour("secretsmanager", "secret:"+in.text("SecretId")+"-AbCdEf")}
	},
	"ssm:GetParameters": func(in asked) []string {
		var all []string
		for _, name := range in.list("Names") {
			if !strings.HasPrefix(name, "arn:") {
				name = in.neighbour("ssm", "parameter/"+strings.TrimPrefix(name, "/"))
			}
			all = append(all, name)
		}
		return all
	},
	"iam:SimulatePrincipalPolicy": func(in asked) []string { return []string{in.form.Get("PolicySourceArn")} },
	"iam:GetRole": func(in asked) []string {
		return []string{"arn:aws:iam::" + in.World.account() + ":role/" + in.form.Get("RoleName")}
	},
}

// usesCluster are the operations with the condition key ecs:cluster.
var usesCluster = map[string]bool{
	"DescribeServices": true, "CreateService": true, "UpdateService": true, "DeleteService": true, "ListServices": true,
	"ListServiceDeployments": true, "ListTasks": true, "DescribeTasks": true, "RunTask": true, "StartTask": true,
	"StopTask": true, "ExecuteCommand": true, "DescribeContainerInstances": true, "UpdateServicePrimaryTaskSet": true,
	"GetTaskProtection": true, "UpdateTaskProtection": true,
}

// passed is what a call needs besides its own action: to pass the roles of the task
// definition to the tasks, and to tag what it makes with tags.
func (in asked) passed(operation string) []access {
	var all []access
	definition := Document(nil)
	switch operation {
	case "RegisterTaskDefinition":
		definition = in.body
	case "RunTask", "StartTask", "CreateService", "UpdateService":
		if found, err := in.resolve(in.text("taskDefinition")); err == nil && found != nil {
			definition = found.Doc
		}
	}
	for _, member := range []string{"executionRoleArn", "taskRoleArn"} {
		if role, _ := definition[member].(string); role != "" {
			if !strings.HasPrefix(role, "arn:") {
				role = "arn:aws:iam::" + in.World.account() + ":role/" + role
			}
			all = append(all, access{"iam:PassRole", []string{role}, map[string]string{"iam:PassedToService": "ecs-tasks.amazonaws.com"}})
		}
	}
	tags, _ := in.body["tags"].([]any)
	if kind, named := tagged[operation]; named && len(tags) > 0 {
		all = append(all, access{"ecs:TagResource", []string{in.arn(kind(in))}, nil})
	}
	return all
}

// tagged are the resources that calls make and tag.
var tagged = map[string]func(asked) string{
	"RegisterTaskDefinition": func(in asked) string { return "task-definition/" + in.text("family") + ":*" },
	"RunTask":                func(in asked) string { return "task/" + in.cluster() + "/*" },
	"StartTask":              func(in asked) string { return "task/" + in.cluster() + "/*" },
	"CreateService":          func(in asked) string { return "service/" + in.cluster() + "/" + in.text("serviceName") },
}
