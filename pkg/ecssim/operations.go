package ecssim

// This file is the table of operations: those that are simulated, and the
// names of all others that ECS has.

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// operation is one simulated operation: its rate limit's category, and what it
// does with a request body.
type operation struct {
	category string
	serve    func(*engine, []byte) (any, *apiError)
}

// in makes an operation from a function of its typed input. Model is the SDK's
// input, by which the request is checked first; any checks nothing, for services
// whose SDK is not a dependency. The function also gets the input
// as the client sent it, without members that are null.
func in[Model, Input any](category string, f func(*engine, Input, Document) (any, *apiError)) operation {
	return operation{category, func(e *engine, body []byte) (any, *apiError) {
		raw, err := readInput(body, shapeOf(reflect.TypeFor[Model]()))
		if err != nil {
			return nil, err
		}
		var input Input
		if err := json.Unmarshal(encode(raw), &input); err != nil {
			return nil, decodeError(err)
		}
		return f(e, input, raw)
	}}
}

// readInput reads a request body and checks it against the model: types first,
// then enums and limits.
func readInput(body []byte, model *shape) (Document, *apiError) {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	var raw Document
	if err := json.Unmarshal(body, &raw); err != nil || raw == nil {
		return nil, serialization("The request body is not a JSON object.")
	}
	dropNulls(map[string]any(raw))
	model.dropLookalikes(map[string]any(raw))
	if err := model.checkTypes(map[string]any(raw)); err != nil {
		return nil, err
	}
	if text := model.refusal(map[string]any(raw)); text != "" {
		if model.name == "RegisterTaskDefinitionInput" {
			return nil, refused(text)
		}
		return nil, invalid(text)
	}
	return raw, nil
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

var served struct {
	sync.Once
	operations map[string]operation
}

// operations is what the simulator can do.
func operations() map[string]operation {
	served.Do(func() { served.operations = allServed() }) // not an initialiser: operations call others
	return served.operations
}

func allServed() map[string]operation {
	return map[string]operation{
		"RegisterTaskDefinition":     in[ecs.RegisterTaskDefinitionInput]("task definition modify", (*engine).registerTaskDefinition),
		"DeregisterTaskDefinition":   in[ecs.DeregisterTaskDefinitionInput]("task definition modify", (*engine).deregisterTaskDefinition),
		"DescribeTaskDefinition":     in[ecs.DescribeTaskDefinitionInput]("task definition read", (*engine).describeTaskDefinition),
		"ListTaskDefinitions":        in[ecs.ListTaskDefinitionsInput]("task definition read", (*engine).listTaskDefinitions),
		"ListTaskDefinitionFamilies": in[ecs.ListTaskDefinitionFamiliesInput]("task definition read", (*engine).listTaskDefinitionFamilies),

		"RegisterContainerInstance":     in[ecs.RegisterContainerInstanceInput]("agent modify", (*engine).registerContainerInstance),
		"DeregisterContainerInstance":   in[ecs.DeregisterContainerInstanceInput]("resource modify", (*engine).deregisterContainerInstance),
		"UpdateContainerInstancesState": in[ecs.UpdateContainerInstancesStateInput]("resource modify", (*engine).updateContainerInstancesState),
		"DescribeContainerInstances":    in[ecs.DescribeContainerInstancesInput]("resource read", (*engine).describeContainerInstances),
		"ListContainerInstances":        in[ecs.ListContainerInstancesInput]("resource read", (*engine).listContainerInstances),

		"PutAttributes":    in[ecs.PutAttributesInput]("cluster resource modify", (*engine).putAttributes),
		"DeleteAttributes": in[ecs.DeleteAttributesInput]("cluster resource modify", (*engine).deleteAttributes),
		"ListAttributes":   in[ecs.ListAttributesInput]("cluster resource read", (*engine).listAttributes),

		"CreateCluster":    in[ecs.CreateClusterInput]("cluster modify", (*engine).createCluster),
		"DescribeClusters": in[ecs.DescribeClustersInput]("cluster read", (*engine).describeClusters),
		"ListClusters":     in[ecs.ListClustersInput]("cluster read", (*engine).listClusters),

		"CreateExpressGatewayService":   in[ecs.CreateExpressGatewayServiceInput]("service modify", (*engine).createExpressService),
		"UpdateExpressGatewayService":   in[ecs.UpdateExpressGatewayServiceInput]("service modify", (*engine).updateExpressService),
		"DeleteExpressGatewayService":   in[ecs.DeleteExpressGatewayServiceInput]("service modify", (*engine).deleteExpressService),
		"DescribeExpressGatewayService": in[ecs.DescribeExpressGatewayServiceInput]("service read", (*engine).describeExpressService),

		"CreateService":    in[ecs.CreateServiceInput]("service modify", (*engine).createService),
		"UpdateService":    in[ecs.UpdateServiceInput]("service modify", (*engine).updateService),
		"DeleteService":    in[ecs.DeleteServiceInput]("service modify", (*engine).deleteService),
		"DescribeServices": in[ecs.DescribeServicesInput]("service read", (*engine).describeServices),
		"ListServices":     in[ecs.ListServicesInput]("service read", (*engine).listServices),

		"ContinueServiceDeployment":  in[ecs.ContinueServiceDeploymentInput]("", (*engine).continueServiceDeployment),
		"ListServiceDeployments":     in[ecs.ListServiceDeploymentsInput]("service deployment", (*engine).listServiceDeployments),
		"DescribeServiceDeployments": in[ecs.DescribeServiceDeploymentsInput]("service deployment", (*engine).describeServiceDeployments),
		"DescribeServiceRevisions":   in[ecs.DescribeServiceRevisionsInput]("service revision", (*engine).describeServiceRevisions),
		"StopServiceDeployment":      in[ecs.StopServiceDeploymentInput]("", (*engine).stopServiceDeployment),

		"CreateTaskSet":               in[ecs.CreateTaskSetInput]("service modify", (*engine).createTaskSet),
		"UpdateTaskSet":               in[ecs.UpdateTaskSetInput]("service modify", (*engine).updateTaskSet),
		"DeleteTaskSet":               in[ecs.DeleteTaskSetInput]("service modify", (*engine).deleteTaskSet),
		"DescribeTaskSets":            in[ecs.DescribeTaskSetsInput]("service read", (*engine).describeTaskSets),
		"UpdateServicePrimaryTaskSet": in[ecs.UpdateServicePrimaryTaskSetInput]("service modify", (*engine).updateServicePrimaryTaskSet),

		"ListTasks":     in[ecs.ListTasksInput]("resource read", (*engine).listTasks),
		"DescribeTasks": in[ecs.DescribeTasksInput]("resource read", (*engine).describeTasks),
		"RunTask":       in[ecs.RunTaskInput]("resource modify", (*engine).runTask),
		"StartTask":     in[ecs.StartTaskInput]("resource modify", (*engine).startTask),
		"StopTask":      in[ecs.StopTaskInput]("resource modify", (*engine).stopTask),

		"DeleteTaskDefinitions":       in[ecs.DeleteTaskDefinitionsInput]("task definition deletion", (*engine).deleteTaskDefinitions),
		"UpdateCluster":               in[ecs.UpdateClusterInput]("cluster modify", (*engine).updateCluster),
		"UpdateClusterSettings":       in[ecs.UpdateClusterSettingsInput]("cluster modify", (*engine).updateClusterSettings),
		"DeleteCluster":               in[ecs.DeleteClusterInput]("cluster modify", (*engine).deleteCluster),
		"PutClusterCapacityProviders": in[ecs.PutClusterCapacityProvidersInput]("cluster modify", (*engine).putClusterCapacityProviders),
		"CreateCapacityProvider":      in[ecs.CreateCapacityProviderInput]("capacity provider modify", (*engine).createCapacityProvider),
		"UpdateCapacityProvider":      in[ecs.UpdateCapacityProviderInput]("capacity provider modify", (*engine).updateCapacityProvider),
		"DeleteCapacityProvider":      in[ecs.DeleteCapacityProviderInput]("capacity provider modify", (*engine).deleteCapacityProvider),
		"DescribeCapacityProviders":   in[ecs.DescribeCapacityProvidersInput]("capacity provider read", (*engine).describeCapacityProviders),
		"PutAccountSetting":           in[ecs.PutAccountSettingInput]("settings modify", (*engine).putAccountSetting),
		"PutAccountSettingDefault":    in[ecs.PutAccountSettingDefaultInput]("settings modify", (*engine).putAccountSettingDefault),
		"DeleteAccountSetting":        in[ecs.DeleteAccountSettingInput]("settings modify", (*engine).deleteAccountSetting),
		"ListAccountSettings":         in[ecs.ListAccountSettingsInput]("settings read", (*engine).listAccountSettings),
		"ListServicesByNamespace":     in[ecs.ListServicesByNamespaceInput]("cluster service resource read", (*engine).listServicesByNamespace),
		"ExecuteCommand":              in[ecs.ExecuteCommandInput]("resource modify", (*engine).executeCommand),
		"GetTaskProtection":           in[ecs.GetTaskProtectionInput]("task protection", (*engine).getTaskProtection),
		"UpdateTaskProtection":        in[ecs.UpdateTaskProtectionInput]("task protection", (*engine).updateTaskProtection),

		"TagResource":         in[ecs.TagResourceInput]("tag modify", (*engine).tagResource),
		"UntagResource":       in[ecs.UntagResourceInput]("tag modify", (*engine).untagResource),
		"ListTagsForResource": in[ecs.ListTagsForResourceInput]("tag read", (*engine).listTagsForResource),
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
