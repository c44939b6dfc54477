package hostile

import (
	"fmt"
	"strings"
	"time"
)

// act has other people do what they do before, or after, a call.
func (c *Client) act(operation string, after bool) error {
	since := time.Since(c.began)
	for i, d := range c.script {
		if !d.Acts() || c.done[i] || since < d.From {
			continue
		}
		between := d.On != "-"
		if between && (!d.on(operation) || after != (d.N == 1 && d.Name != Scale)) || !between && after {
			continue
		}
		c.done[i] = true
		c.Acted = time.Now()
		if err := c.actOf(d); err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
	}
	return nil
}

// Service is the one that is deployed to, and acted upon.
const (
	Cluster = "prod"
	Service = "web"
)

const service = `"cluster":"` + Cluster + `","service":"` + Service + `"`

// TheirImage is what a colleague deploys.
const TheirImage = "repo/web:theirs"

// actOf does what one of the others does. ECS may refuse it, e.g. because the
// service is deleted already.
func (c *Client) actOf(d Distortion) error {
	try := func(operation, input string) error {
		_, err := c.ask(operation, input)
		if err != nil && strings.Contains(err.Error(), "__type") {
			return nil
		}
		return err
	}
	switch d.Name {
	case Colleague:
		return c.colleague()
	case Restart:
		return try("UpdateService", `{`+service+`,"forceNewDeployment":true}`)
	case Scale:
		return try("UpdateService", fmt.Sprintf(`{%s,"desiredCount":%d}`, service, d.N))
	case Delete:
		return try("DeleteService", `{`+service+`,"force":true}`)
	case Stop:
		newest, err := c.newestRecord()
		if err != nil || newest == "" {
			return err
		}
		return try("StopServiceDeployment", `{"serviceDeploymentArn":"`+newest+`","stopType":"ROLLBACK"}`)
	}
	return nil
}

// colleague registers another revision of the service's family and brings it into
// service.
func (c *Client) colleague() error {
	out, err := c.ask("RegisterTaskDefinition", `{"family":"web","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512",`+
		`"containerDefinitions":[{"name":"app","image":"`+TheirImage+`"}]}`)
	if err != nil {
		return err
	}
	definition, _ := out["taskDefinition"].(map[string]any)
	if _, err := c.ask("UpdateService", fmt.Sprintf(`{%s,"taskDefinition":"%s"}`, service, definition["taskDefinitionArn"])); err != nil && !strings.Contains(err.Error(), "__type") {
		return err
	}
	return nil
}
