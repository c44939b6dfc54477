package ecssim

// This file shows the world's alarms as CloudWatch does.

import (
	"net/url"
)

// monitoring is the operations of CloudWatch.
func monitoring() map[string]queryOperation {
	return map[string]queryOperation{"DescribeAlarms": (*engine).describeAlarms}
}

// alarmsResult is what DescribeAlarms answers.
type alarmsResult struct {
	Metric struct {
		Member []alarmDescription `xml:"member"`
	} `xml:"MetricAlarms"`
}

type alarmDescription struct {
	Name  string `xml:"AlarmName"`
	Arn   string `xml:"AlarmArn"`
	State string `xml:"StateValue"`
}

// describeAlarms shows the alarms of these names, or all. One that no alarm has is left
// out.
func (e *engine) describeAlarms(form url.Values) (any, *apiError) {
	wanted := map[string]bool{}
	for _, name := range numbered(form, "AlarmNames.member.") {
		wanted[name] = true
	}
	var out alarmsResult
	for i, spec := range e.World.Alarms {
		if len(wanted) > 0 && !wanted[spec.Name] {
			continue
		}
		state := "OK"
		if e.Alarms[i].Since != 0 {
			state = "ALARM"
		}
		out.Metric.Member = append(out.Metric.Member, alarmDescription{spec.Name, "arn:aws:cloudwatch:" + e.World.region() + ":" + e.World.account() + ":alarm:" + spec.Name, state})
	}
	return out, nil
}
