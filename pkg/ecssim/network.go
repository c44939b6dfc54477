package ecssim

// This file is where a task can be reached: the private address of its network
// interface in network mode awsvpc, or the ports of its container instance.

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// binding joins a port of a container to one of the container instance.
type binding struct {
	Port     int    `json:"port"`
	Host     int    `json:"host"`
	Protocol string `json:"protocol"`
}

const (
	firstDynamicPort = 32768 // of the range that ECS takes host ports from
	dynamicPorts     = 28232
)

// connect gives a new task its address or its bindings.
func (e *engine) connect(t *task, td *taskDefinition) {
	if td.Doc["networkMode"] == "awsvpc" {
		n := e.Addresses
		e.Addresses++
		t.Address = fmt.Sprintf("10.%d.%d.%d", zoneIndex(t.Zone), n/250%250, 4+n%250)
		return
	}
	for i, c := range td.specs() {
		for _, p := range c.ports {
			b := binding{Port: p.container, Host: p.host, Protocol: p.protocol}
			switch {
			case b.Port == 0:
				continue // a range: nothing can be registered with it here
			case b.Host == 0 && td.Doc["networkMode"] == "host":
				b.Host = b.Port
			case b.Host == 0:
				b.Host = firstDynamicPort + e.HostPorts%dynamicPorts
				e.HostPorts++
			}
			t.Containers[i].Bindings = append(t.Containers[i].Bindings, b)
		}
	}
}

// zoneIndex is 0 for the first Availability Zone of the Region.
func zoneIndex(zone string) int { return int(zone[len(zone)-1] - 'a') }

// derived is a number of hexadecimal digits that belong to a thing for ever,
// such as the id of a task's network interface.
func derived(thing, of string, digits int) string {
	sum := sha256.Sum256([]byte(thing + " of " + of))
	return hex.EncodeToString(sum[:])[:digits]
}

// derivedUUID is the same as a UUID.
func derivedUUID(thing, of string) string {
	h := derived(thing, of, 32)
	return strings.Join([]string{h[:8], h[8:12], "4" + h[13:16], "a" + h[17:20], h[20:]}, "-")
}

// instanceID is the id of the EC2 instance of a container instance.
func instanceID(host string) string { return "i-" + derived("instance", host, 17) }

// attachmentID is the id of the attachment of a task's network interface.
func (t *task) attachmentID() string { return derivedUUID("attachment", t.ID) }

// attachments show the network interface of a task. Its details are there once
// it is attached; those of a stopped task stay.
func (t *task) attachments() []any {
	if t.Address == "" {
		return []any{}
	}
	detail := func(name, value string) any { return map[string]any{"name": name, "value": value} }
	status, details := "PRECREATED", []any{}
	if n := len(t.Subnets); n > 0 {
		details = append(details, detail("subnetId", t.Subnets[zoneIndex(t.Zone)%n]))
	}
	if t.ConnectedAt != 0 {
		status = "ATTACHED"
		mac := derived("mac", t.ID, 10)
		details = append(details,
			detail("networkInterfaceId", "eni-"+derived("eni", t.ID, 17)),
			detail("macAddress", "02:"+strings.Join([]string{mac[:2], mac[2:4], mac[4:6], mac[6:8], mac[8:]}, ":")),
			detail("privateDnsName", "ip-"+strings.ReplaceAll(t.Address, ".", "-")+".ec2.internal"),
			detail("privateIPv4Address", t.Address))
	}
	if t.Status == stopped {
		status = "DELETED"
	}
	return []any{map[string]any{
		"id": t.attachmentID(), "type": "ElasticNetworkInterface", "status": status, "details": details,
	}}
}

// reach shows how a container can be reached.
func (t *task) reach(c container, view map[string]any) {
	interfaces, bindings := []any{}, []any{}
	if t.Address != "" && t.ConnectedAt != 0 {
		interfaces = append(interfaces, map[string]any{"attachmentId": t.attachmentID(), "privateIpv4Address": t.Address})
	}
	view["networkInterfaces"] = interfaces
	if c.StartedAt == 0 {
		return
	}
	for _, b := range c.Bindings {
		bindings = append(bindings, map[string]any{
			"bindIP": "0.0.0.0", "containerPort": b.Port, "hostPort": b.Host, "protocol": b.Protocol,
		})
	}
	view["networkBindings"] = bindings
}
