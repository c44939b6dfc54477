package ecssim

// This file is the saved form of the state. It is the state as JSON, except that
// what many tasks of a cluster were started with is saved once.

import (
	"encoding/json"
	"errors"
	"reflect"
)

// save is the whole state as JSON.
func (e *engine) save() ([]byte, error) {
	packed := e.state
	packed.Clusters = make(map[string]*cluster, len(e.Clusters))
	for name, c := range e.Clusters {
		packed.Clusters[name] = c.packed()
	}
	return json.Marshal(packed)
}

// packed is a copy of the cluster whose tasks only say where in Orders their
// order is.
func (c *cluster) packed() *cluster {
	packed := *c
	last := map[string]int{} // the place of the last order of who started tasks
	pack := func(tasks []*task) []*task {
		list := make([]*task, len(tasks))
		for i, t := range tasks {
			place, known := last[t.StartedBy]
			if !known || !reflect.DeepEqual(packed.Orders[place-1], t.order) {
				packed.Orders = append(packed.Orders, t.order)
				place = len(packed.Orders)
				last[t.StartedBy] = place
			}
			bare := *t
			bare.order, bare.Order = order{}, place
			list[i] = &bare
		}
		return list
	}
	packed.Tasks, packed.Gone = pack(c.Tasks), pack(c.Gone)
	return &packed
}

// unpack gives the tasks of a cluster that was saved their orders back. What
// orders have in common is shared: nobody changes it in place.
func (c *cluster) unpack() error {
	for _, tasks := range [][]*task{c.Tasks, c.Gone} {
		for _, t := range tasks {
			if t.Order < 1 || t.Order > len(c.Orders) {
				return errors.New("it has a task without an order")
			}
			t.order, t.Order = c.Orders[t.Order-1], 0
		}
	}
	c.Orders = nil
	return nil
}
