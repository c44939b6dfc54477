package ecssim

// This file is the table of operations: those that are simulated, and the
// names of all others that ECS has.

import (
	"bytes"
	"encoding/json"
)

// operation is one simulated operation: its rate limit's category, and what it
// does with a request body.
type operation struct {
	category string
	serve    func(*engine, []byte) (any, *apiError)
}

// in makes an operation from a function of its typed input. The function also
// gets the input as it came, without members that are null.
func in[Input any](category string, f func(*engine, Input, Document) (any, *apiError)) operation {
	return operation{category, func(e *engine, body []byte) (any, *apiError) {
		if len(bytes.TrimSpace(body)) == 0 {
			body = []byte("{}")
		}
		var raw Document
		if err := json.Unmarshal(body, &raw); err != nil || raw == nil {
			return nil, serialization("The request body is not a JSON object.")
		}
		dropNulls(map[string]any(raw))
		var input Input
		if err := json.Unmarshal(body, &input); err != nil {
			return nil, decodeError(err)
		}
		return f(e, input, raw)
	}}
}

// dropNulls removes members that are null; to ECS they are absent.
func dropNulls(v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e == nil {
				delete(v, k)
			} else {
				dropNulls(e)
			}
		}
	case []any:
		for _, e := range v {
			dropNulls(e)
		}
	}
}

// faultOperations are the names that a fault can be about: those of ECS and of
// its neighbours.
func faultOperations() []string {
	names := allOperations()
	for _, s := range jsonServices()[1:] {
		names = append(names, sortedKeys(s.operations())...)
	}
	for _, s := range queryServices() {
		names = append(names, sortedKeys(s.operations())...)
	}
	return names
}

// operations is what the simulator can do.
func operations() map[string]operation {
	return map[string]operation{
		"RegisterTaskDefinition":     in("task definition modify", (*engine).registerTaskDefinition),
		"DeregisterTaskDefinition":   in("task definition modify", (*engine).deregisterTaskDefinition),
		"DescribeTaskDefinition":     in("task definition read", (*engine).describeTaskDefinition),
		"ListTaskDefinitions":        in("task definition read", (*engine).listTaskDefinitions),
		"ListTaskDefinitionFamilies": in("task definition read", (*engine).listTaskDefinitionFamilies),

		"RegisterContainerInstance":     in("agent modify", (*engine).registerContainerInstance),
		"DeregisterContainerInstance":   in("resource modify", (*engine).deregisterContainerInstance),
		"UpdateContainerInstancesState": in("resource modify", (*engine).updateContainerInstancesState),
		"DescribeContainerInstances":    in("resource read", (*engine).describeContainerInstances),
		"ListContainerInstances":        in("resource read", (*engine).listContainerInstances),

		"CreateCluster":    in("cluster modify", (*engine).createCluster),
		"DescribeClusters": in("cluster read", (*engine).describeClusters),
		"ListClusters":     in("cluster read", (*engine).listClusters),

		"CreateService":    in("service modify", (*engine).createService),
		"UpdateService":    in("service modify", (*engine).updateService),
		"DeleteService":    in("service modify", (*engine).deleteService),
		"DescribeServices": in("service read", (*engine).describeServices),
		"ListServices":     in("service read", (*engine).listServices),

		"ContinueServiceDeployment":  in("", (*engine).continueServiceDeployment),
		"ListServiceDeployments":     in("service deployment", (*engine).listServiceDeployments),
		"DescribeServiceDeployments": in("service deployment", (*engine).describeServiceDeployments),
		"DescribeServiceRevisions":   in("service revision", (*engine).describeServiceRevisions),
		"StopServiceDeployment":      in("", (*engine).stopServiceDeployment),

		"ListTasks":     in("resource read", (*engine).listTasks),
		"DescribeTasks": in("resource read", (*engine).describeTasks),
		"RunTask":       in("resource modify", (*engine).runTask),
		"StartTask":     in("resource modify", (*engine).startTask),
		"StopTask":      in("resource modify", (*engine).stopTask),

		"TagResource":         in("tag modify", (*engine).tagResource),
		"UntagResource":       in("tag modify", (*engine).untagResource),
		"ListTagsForResource": in("tag read", (*engine).listTagsForResource),
	}
}

// allOperations is every operation of ECS, in November 2026.
func allOperations() []string {
	return []string{
		"AssociateGatewayWithCluster", "ContinueServiceDeployment", "CreateCapacityProvider", "CreateCluster",
		"CreateDaemon", "CreateExpressGatewayService", "CreateGateway", "CreateService", "CreateTaskSet",
		"DeleteAccountSetting", "DeleteAttributes", "DeleteCapacityProvider", "DeleteCluster", "DeleteDaemon",
		"DeleteDaemonTaskDefinition", "DeleteExpressGatewayService", "DeleteGateway", "DeleteService",
		"DeleteTaskDefinitions", "DeleteTaskSet", "DeregisterContainerInstance", "DeregisterTaskDefinition",
		"DescribeCapacityProviders", "DescribeClusters", "DescribeContainerInstances", "DescribeDaemon",
		"DescribeDaemonDeployments", "DescribeDaemonRevisions", "DescribeDaemonTaskDefinition",
		"DescribeExpressGatewayService", "DescribeGateway", "DescribeGatewayResources", "DescribeGatewayRoute",
		"DescribeServiceDeployments", "DescribeServiceRevisions", "DescribeServices", "DescribeTaskDefinition",
		"DescribeTaskSets", "DescribeTasks", "DisassociateGatewayFromCluster", "DiscoverPollEndpoint",
		"ExecuteCommand", "GetTaskProtection", "ListAccountSettings", "ListAttributes", "ListClusters",
		"ListContainerInstances", "ListDaemonDeployments", "ListDaemonTaskDefinitions", "ListDaemons",
		"ListGatewayClusterAssociations", "ListGatewayRoutes", "ListGateways", "ListServiceDeployments",
		"ListServices", "ListServicesByNamespace", "ListTagsForResource", "ListTaskDefinitionFamilies",
		"ListTaskDefinitions", "ListTasks", "PutAccountSetting", "PutAccountSettingDefault", "PutAttributes",
		"PutClusterCapacityProviders", "RegisterContainerInstance", "RegisterDaemonTaskDefinition",
		"RegisterTaskDefinition", "RunTask", "StartTask", "StopServiceDeployment", "StopTask",
		"SubmitAttachmentStateChanges", "SubmitContainerStateChange", "SubmitTaskStateChange", "TagResource",
		"UntagResource", "UpdateCapacityProvider", "UpdateCluster", "UpdateClusterSettings",
		"UpdateContainerAgent", "UpdateContainerInstancesState", "UpdateDaemon", "UpdateExpressGatewayService",
		"UpdateGateway", "UpdateService", "UpdateServicePrimaryTaskSet", "UpdateTaskProtection", "UpdateTaskSet",
	}
}
