package ecssim

// This file is the other people of a world: calls that somebody else makes at
// their own time, to ECS or to Elastic Load Balancing.

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// startActors arranges for the actors that wait for nothing but the clock.
func (e *engine) startActors() {
	e.ActorCounts = make([]int, len(e.World.Actors))
	for i, a := range e.World.Actors {
		if !a.AfterDeployment {
			e.schedule(e.Now.add(a.After.or(0)), event{Kind: eventActor, Number: i, Cluster: a.Cluster, Service: a.Service})
		}
	}
}

// stirActors sets off the actors that wait for a deployment.
func (e *engine) stirActors(s *service) {
	for i, a := range e.World.Actors {
		if !a.AfterDeployment || e.ActorCounts[i] >= max(a.Times, 1) {
			continue
		}
		e.ActorCounts[i]++
		e.schedule(e.Now.add(a.After.or(0)), event{Kind: eventActor, Number: i, Cluster: s.Cluster, Service: s.Name})
	}
}

// act makes an actor's call. What ECS answers is nobody's business: an actor
// that is refused has no effect.
func (e *engine) act(ev event) {
	a := e.World.Actors[ev.Number]
	input := e.fill(a.Input, ev)
	if serve, ok := balancing()[a.Operation]; ok {
		form := url.Values{}
		addForm(form, "", map[string]any(input))
		_, _ = serve(e, form)
		return
	}
	body, err := json.Marshal(input)
	if err != nil {
		return // a Document is always JSON
	}
	acting := e.acting
	e.acting = true
	_, _ = operations()[a.Operation].serve(e, body)
	e.acting = acting
}

// addForm adds a JSON value to a form, as the query protocol writes it: the
// members of an object after a dot, those of a list after "member" and a number
// from 1.
func addForm(form url.Values, name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for member, inner := range v {
			addForm(form, strings.TrimPrefix(name+"."+member, "."), inner)
		}
	case []any:
		for i, inner := range v {
			addForm(form, name+".member."+strconv.Itoa(i+1), inner)
		}
	default:
		form.Set(name, fmt.Sprint(v))
	}
}

// fill replaces the placeholders of an actor's input.
func (e *engine) fill(input Document, ev event) Document {
	pairs := []string{"{cluster}", ev.Cluster, "{service}", ev.Service}
	if c := e.Clusters[ev.Cluster]; c != nil && c.Services[ev.Service] != nil {
		s := c.Services[ev.Service]
		if len(s.History) > 0 {
			sd := s.History[len(s.History)-1]
			pairs = append(pairs, "{serviceDeployment}", sd.Arn, "{hook}", sd.awaiting())
		}
		if len(s.Deployments) > 0 {
			pairs = append(pairs, "{taskDefinition}", s.primary().TaskDefinition)
		}
	}
	filled := clone(input)
	if filled == nil {
		filled = Document{}
	}
	replaceTexts(map[string]any(filled), strings.NewReplacer(pairs...))
	return filled
}

// replaceTexts replaces in every text of a JSON value, in place.
func replaceTexts(v any, r *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return r.Replace(v)
	case map[string]any:
		for k, e := range v {
			v[k] = replaceTexts(e, r)
		}
	case []any:
		for i, e := range v {
			v[i] = replaceTexts(e, r)
		}
	}
	return v
}
