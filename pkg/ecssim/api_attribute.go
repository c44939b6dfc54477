package ecssim

// This file is the operations on the attributes of container instances that
// users set, by which placement constraints find instances.

import (
	"slices"
	"strings"
)

// maxAttributes is how many attributes a user can give a container instance
// [API PutAttributes].
const maxAttributes = 10

// targetedAttribute is an attribute of a container instance with the instance:
// its ARN, or its id together with the type container-instance.
type targetedAttribute struct {
	Name       string `json:"name"`
	Value      string `json:"value,omitempty"`
	TargetType string `json:"targetType,omitempty"`
	TargetID   string `json:"targetId"`
}

type attributesInput struct {
	Cluster    string              `json:"cluster"`
	Attributes []targetedAttribute `json:"attributes"`
}

// builtIn reports whether ECS or its agent sets the attribute.
func (a attribute) builtIn() bool {
	return strings.HasPrefix(a.Name, "ecs.") || strings.HasPrefix(a.Name, "com.amazonaws.")
}

// attributeTargets finds the container instances that attributes name, one for each.
// Nothing changes unless all exist. The texts are assumed.
func (e *engine) attributeTargets(in attributesInput) (*cluster, []*host, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, nil, apiErr
	}
	if err := atMost(len(in.Attributes), maxAttributes, "Attributes"); err != nil {
		return nil, nil, err
	}
	var hosts []*host
	for _, a := range in.Attributes {
		switch {
		case a.TargetID == "":
			return nil, nil, invalid("targetId can not be empty.")
		case a.TargetType == "" && !strings.HasPrefix(a.TargetID, "arn:"):
			return nil, nil, invalid("targetType can not be empty when targetId is not an ARN.")
		case (attribute{Name: a.Name}).builtIn():
			return nil, nil, invalid("Attribute names that begin with ecs. or com.amazonaws. are reserved.")
		}
		h := c.host(shortName(a.TargetID))
		if h == nil {
			return nil, nil, &apiError{code: "TargetNotFoundException", message: "The specified target wasn't found: " + a.TargetID}
		}
		hosts = append(hosts, h)
	}
	return c, hosts, nil
}

func (e *engine) putAttributes(in attributesInput, _ Document) (any, *apiError) {
	c, hosts, apiErr := e.attributeTargets(in)
	if apiErr != nil {
		return nil, apiErr
	}
	fresh := map[*host]map[string]bool{}
	for i, h := range hosts {
		if fresh[h] == nil {
			fresh[h] = map[string]bool{}
			for _, a := range h.Attributes {
				fresh[h][a.Name] = !a.builtIn()
			}
		}
		fresh[h][in.Attributes[i].Name] = true
	}
	for _, names := range fresh {
		custom := 0
		for _, own := range names {
			if own {
				custom++
			}
		}
		if custom > maxAttributes {
			return nil, &apiError{code: "AttributeLimitExceededException", message: "A resource can have at most 10 custom attributes."}
		}
	}
	for i, h := range hosts {
		h.set(in.Attributes[i].Name, in.Attributes[i].Value)
		h.Version++
	}
	e.roomChanged(c)
	return e.attributesAnswer(c, in.Attributes, hosts), nil
}

// deleteAttributes removes attributes; one that an instance does not have, or
// has with another value, stays as it is.
func (e *engine) deleteAttributes(in attributesInput, _ Document) (any, *apiError) {
	c, hosts, apiErr := e.attributeTargets(in)
	if apiErr != nil {
		return nil, apiErr
	}
	for i, h := range hosts {
		gone := in.Attributes[i]
		h.Attributes = slices.DeleteFunc(h.Attributes, func(a attribute) bool {
			return a.Name == gone.Name && (gone.Value == "" || a.Value == gone.Value)
		})
		h.Version++
	}
	e.roomChanged(c)
	return e.attributesAnswer(c, in.Attributes, hosts), nil
}

func (e *engine) attributesAnswer(c *cluster, attributes []targetedAttribute, hosts []*host) any {
	views := []targetedAttribute{}
	for i, a := range attributes {
		views = append(views, e.attributeView(c, hosts[i], attribute{a.Name, a.Value}))
	}
	return map[string]any{"attributes": views}
}

func (e *engine) attributeView(c *cluster, h *host, a attribute) targetedAttribute {
	return targetedAttribute{Name: a.Name, Value: a.Value, TargetType: "container-instance", TargetID: e.hostArn(c, h.ID)}
}

func (e *engine) listAttributes(in struct {
	Cluster    string `json:"cluster"`
	TargetType string `json:"targetType"`
	Name       string `json:"attributeName"`
	Value      string `json:"attributeValue"`
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	switch {
	case apiErr != nil:
		return nil, apiErr
	case in.TargetType == "":
		return nil, invalid("targetType can not be empty.") // assumed text
	case in.Value != "" && in.Name == "":
		return nil, invalid("attributeName can not be empty when attributeValue is specified.") // assumed text
	}
	found := []targetedAttribute{}
	for _, h := range c.Hosts {
		for _, a := range h.Attributes {
			if (in.Name == "" || a.Name == in.Name) && (in.Value == "" || a.Value == in.Value) {
				found = append(found, e.attributeView(c, h, a))
			}
		}
	}
	return page(found, "attributes", in.MaxResults, 100, in.NextToken)
}
