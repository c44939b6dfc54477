package cmd

// The texts of help topics that explain a part of the program.

// configHelp is the help of config, which is also the topic.
const configHelp = `The settings of a command come from flags, variables and the file ecs-deploy.yaml, in
this order: a flag overrides its variable, the variable overrides the target in the
file, the target overrides the defaults of the file. All have the same names, and the
same code reads them. The commands below show the merged settings and check the file.
They make no calls to AWS.

A file with two targets, of which ecs-deploy deploy --target staging deploys one:

  version: 1
  defaults:
    region: eu-west-1
    image: docker.repo.com/doorman
    tag-env-var: GIT_TAG
  targets:
    production:
      cluster: production1
      service-name: doorman-service
      account: 012345670123   # any other account is an error
      confirm: true           # ask before anything is changed
      env:
        LOG_LEVEL: warn
    staging:
      extends: production
      cluster: staging1
      confirm: false

ecs-deploy reads ecs-deploy.yaml in the working directory or the nearest folder above
it, up to the root of the repository. --config FILE reads another file, and --config
none reads no file. ecs-deploy init writes a file for services that exist.`

const simulateHelp = `The program contains a simulator of ECS. With --simulate, a command uses it instead of
AWS: it needs no account, no credentials and no network.

  ecs-deploy deploy --simulate -c production1 -n doorman-service -i docker.repo.com/doorman:v2
  ecs-deploy status --simulate -c production1 -n doorman-service
  ecs-deploy rollback --simulate -c production1 -n doorman-service --yes

--scenario NAME chooses how new images behave, and implies --simulate. To list the
scenarios, run ecs-deploy simulator scenarios.

  ecs-deploy deploy --scenario cannot-pull -c production1 -n doorman-service -i docker.repo.com/doorman:v2

The first command makes the world: the cluster and service that it names, and those of
the targets in the settings file, each with two healthy tasks. Later commands find it as
it was left. Each scenario has a world of its own. ecs-deploy simulator reset deletes
all worlds. Time runs 20 times faster than real time while a command runs.

ecs-deploy simulator serve offers the simulator to any AWS client, over HTTP on this
machine.`

const strategiesHelp = `ECS deploys a service with the strategy of its deploymentConfiguration. ecs-deploy
follows all four with the same commands, verdicts and exit codes.

  ROLLING      new tasks replace the earlier ones in steps; -m and -M set how many
               tasks run meanwhile
  BLUE_GREEN   new tasks start beside the earlier ones, then all traffic moves at once
  LINEAR       the traffic moves in equal steps
  CANARY       a small part of the traffic moves first, then the rest

For the last three, the output shows the stage, which revision gets which part of the
traffic, and what ends next: a step, a hook or the bake time. Users get the new version
once the traffic is 100%; the deployment succeeds when the bake time is over and the
earlier tasks have stopped.

A pause hook makes the deployment wait for a person: the verdict is paused, and the exit
code 9. Then continue the deployment, or stop it and roll back:

  ecs-deploy continue -c production1 -n doorman-service
  ecs-deploy stop -c production1 -n doorman-service

To try a strategy, use --scenario blue-green, linear, canary or pause. ecs-deploy
refuses services that AWS CodeDeploy or an external controller deploys.`

const templatesHelp = `--task-definition-file FILE deploys the task definition in a file: JSON, JSON with
comments, YAML, or the output of aws ecs describe-task-definition. Variables of the
environment are expanded in its values:

  ${NAME}            the value of the variable; an error if it is not set
  ${NAME:-default}   the value, or the default if the variable is not set or empty
  $$                 a dollar sign

Variables are expanded only inside values, and always as plain text. Write them in
quotes in JSON, even for numbers: "${PORT}". A default cannot contain variables.

  family: doorman
  containerDefinitions:
    - name: app
      image: docker.repo.com/doorman:${TAG}
      environment:
        - {name: LOG_LEVEL, value: "${LOG_LEVEL:-info}"}

--show-variables prints each expanded variable with its place, and --no-variables
expands nothing. The output of describe-task-definition is not expanded. An unknown
field is an error, except with --allow-unknown-fields. Images and edits of the command
line are applied to the result. To see it, use render, which needs no AWS account here:

  TAG=v2 ecs-deploy render --task-definition-file doorman.yaml`
