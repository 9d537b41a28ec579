/**
 * Fields of the messages that kubectl writes by itself (`kubectl create configmap`, `kubectl auth can-i` ...): field
 * number, JSON name, type. `[]` is a list, `{}` a map from strings, `?` an optional whose zero value means something;
 * a field without a name is written into its parent. Source: the `generated.proto` files of k8s.io/api 0.34.
 */
const MESSAGES: Record<string, string> = {
  ObjectMeta:
    '1 name string, 2 generateName string, 3 namespace string, 5 uid string, 6 resourceVersion string, 7 generation int, 8 creationTimestamp Time, 9 deletionTimestamp Time, 10 deletionGracePeriodSeconds int?, 11 labels string{}, 12 annotations string{}, 13 ownerReferences OwnerReference[], 14 finalizers string[]',
  OwnerReference:
    '1 kind string, 3 name string, 4 uid string, 5 apiVersion string, 6 controller bool?, 7 blockOwnerDeletion bool?',
  LabelSelector: '1 matchLabels string{}, 2 matchExpressions LabelSelectorRequirement[]',
  LabelSelectorRequirement: '1 key string, 2 operator string, 3 values string[]',
  DeleteOptions:
    '1 gracePeriodSeconds int?, 2 preconditions Preconditions, 3 orphanDependents bool?, 4 propagationPolicy string, 5 dryRun string[]',
  Preconditions: '1 uid string, 2 resourceVersion string',

  ConfigMap: '1 metadata ObjectMeta, 2 data string{}, 3 binaryData bytes{}, 4 immutable bool?',
  Secret: '1 metadata ObjectMeta, 2 data bytes{}, 3 type string, 4 stringData string{}, 5 immutable bool?',
  Namespace: '1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status Empty',
  NamespaceSpec: '1 finalizers string[]',
  ServiceAccount:
    '1 metadata ObjectMeta, 2 secrets ObjectReference[], 3 imagePullSecrets LocalObjectReference[], 4 automountServiceAccountToken bool?',
  ObjectReference: '1 kind string, 2 namespace string, 3 name string, 4 uid string, 5 apiVersion string',
  LocalObjectReference: '1 name string',
  Service: '1 metadata ObjectMeta, 2 spec ServiceSpec, 3 status LoadBalancerHolder',
  ServiceSpec:
    '1 ports ServicePort[], 2 selector string{}, 3 clusterIP string, 4 type string, 5 externalIPs string[], 7 sessionAffinity string, 8 loadBalancerIP string, 10 externalName string, 11 externalTrafficPolicy string, 12 healthCheckNodePort int, 13 publishNotReadyAddresses bool, 18 clusterIPs string[]',
  ServicePort:
    '1 name string, 2 protocol string, 3 port int, 4 targetPort IntOrString, 5 nodePort int, 6 appProtocol string',
  LoadBalancerHolder: '1 loadBalancer Empty',
  ResourceQuota: '1 metadata ObjectMeta, 2 spec ResourceQuotaSpec, 3 status Empty',
  ResourceQuotaSpec: '1 hard Quantity{}, 2 scopes string[]',
  Pod: '1 metadata ObjectMeta, 2 spec PodSpec, 3 status PodStatus',
  PodStatus: '1 phase string',
  PodTemplateSpec: '1 metadata ObjectMeta, 2 spec PodSpec',
  PodSpec:
    '2 containers Container[], 3 restartPolicy string, 4 terminationGracePeriodSeconds int?, 6 dnsPolicy string, 7 nodeSelector string{}, 8 serviceAccountName string, 10 nodeName string, 14 securityContext Empty, 15 imagePullSecrets LocalObjectReference[], 19 schedulerName string, 20 initContainers Container[], 24 priorityClassName string',
  Container:
    '1 name string, 2 image string, 3 command string[], 4 args string[], 5 workingDir string, 6 ports ContainerPort[], 7 env EnvVar[], 8 resources ResourceRequirements, 13 terminationMessagePath string, 14 imagePullPolicy string, 16 stdin bool, 17 stdinOnce bool, 18 tty bool, 20 terminationMessagePolicy string',
  ContainerPort: '1 name string, 2 hostPort int, 3 containerPort int, 4 protocol string, 5 hostIP string',
  EnvVar: '1 name string, 2 value string',
  ResourceRequirements: '1 limits Quantity{}, 2 requests Quantity{}',

  Deployment: '1 metadata ObjectMeta, 2 spec DeploymentSpec, 3 status DeploymentStatus',
  DeploymentSpec:
    '1 replicas int?, 2 selector LabelSelector?, 3 template PodTemplateSpec, 4 strategy DeploymentStrategy, 5 minReadySeconds int, 6 revisionHistoryLimit int?, 7 paused bool, 9 progressDeadlineSeconds int?',
  DeploymentStrategy: '1 type string',
  DeploymentStatus: '1 observedGeneration int',
  Job: '1 metadata ObjectMeta, 2 spec JobSpec, 3 status JobStatus',
  JobSpec:
    '1 parallelism int?, 2 completions int?, 3 activeDeadlineSeconds int?, 4 selector LabelSelector?, 5 manualSelector bool?, 6 template PodTemplateSpec, 7 backoffLimit int?, 8 ttlSecondsAfterFinished int?, 9 completionMode string, 10 suspend bool?',
  JobStatus: '4 active int',
  CronJob: '1 metadata ObjectMeta, 2 spec CronJobSpec, 3 status Empty',
  CronJobSpec:
    '1 schedule string, 2 startingDeadlineSeconds int?, 3 concurrencyPolicy string, 4 suspend bool?, 5 jobTemplate JobTemplateSpec, 6 successfulJobsHistoryLimit int?, 7 failedJobsHistoryLimit int?, 8 timeZone string',
  JobTemplateSpec: '1 metadata ObjectMeta, 2 spec JobSpec',

  Role: '1 metadata ObjectMeta, 2 rules PolicyRule[]',
  ClusterRole: '1 metadata ObjectMeta, 2 rules PolicyRule[], 3 aggregationRule AggregationRule',
  RoleBinding: '1 metadata ObjectMeta, 2 subjects Subject[], 3 roleRef RoleRef',
  ClusterRoleBinding: '1 metadata ObjectMeta, 2 subjects Subject[], 3 roleRef RoleRef',
  PolicyRule:
    '1 verbs string[], 2 apiGroups string[], 3 resources string[], 4 resourceNames string[], 5 nonResourceURLs string[]',
  AggregationRule: '1 clusterRoleSelectors LabelSelector[]',
  Subject: '1 kind string, 2 apiGroup string, 3 name string, 4 namespace string',
  RoleRef: '1 apiGroup string, 2 kind string, 3 name string',

  PodDisruptionBudget: '1 metadata ObjectMeta, 2 spec PodDisruptionBudgetSpec, 3 status Counters',
  PodDisruptionBudgetSpec:
    '1 minAvailable IntOrString?, 2 selector LabelSelector?, 3 maxUnavailable IntOrString?, 4 unhealthyPodEvictionPolicy string',
  Counters:
    '1 observedGeneration int, 3 disruptionsAllowed int, 4 currentHealthy int, 5 desiredHealthy int, 6 expectedPods int',
  PriorityClass:
    '1 metadata ObjectMeta, 2 value int, 3 globalDefault bool, 4 description string, 5 preemptionPolicy string',
  Ingress: '1 metadata ObjectMeta, 2 spec IngressSpec, 3 status LoadBalancerHolder',
  IngressSpec: '1 defaultBackend IngressBackend, 2 tls IngressTLS[], 3 rules IngressRule[], 4 ingressClassName string',
  IngressTLS: '1 hosts string[], 2 secretName string',
  IngressRule: '1 host string, 2 - IngressRuleValue',
  IngressRuleValue: '1 http HTTPIngressRuleValue',
  HTTPIngressRuleValue: '1 paths HTTPIngressPath[]',
  HTTPIngressPath: '1 path string, 2 backend IngressBackend, 3 pathType string',
  IngressBackend: '4 service IngressServiceBackend',
  IngressServiceBackend: '1 name string, 2 port ServiceBackendPort',
  ServiceBackendPort: '1 name string, 2 number int',

  TokenRequest: '1 metadata ObjectMeta, 2 spec TokenRequestSpec, 3 status TokenRequestStatus',
  TokenRequestSpec: '1 audiences string[], 4 expirationSeconds int?',
  TokenRequestStatus: '1 token string, 2 expirationTimestamp Time',
  TokenReview: '1 metadata ObjectMeta, 2 spec TokenReviewSpec, 3 status ReviewStatus',
  TokenReviewSpec: '1 token string, 2 audiences string[]',
  SelfSubjectReview: '1 metadata ObjectMeta, 2 status UserHolder',
  UserHolder: '1 userInfo UserInfo',
  UserInfo: '1 username string, 2 uid string',
  SelfSubjectAccessReview: '1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec, 3 status ReviewStatus',
  SelfSubjectAccessReviewSpec: '1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes',
  SubjectAccessReview: '1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec, 3 status ReviewStatus',
  LocalSubjectAccessReview: '1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec, 3 status ReviewStatus',
  SubjectAccessReviewSpec:
    '1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes, 3 user string, 4 groups string[], 6 uid string',
  ResourceAttributes:
    '1 namespace string, 2 verb string, 3 group string, 4 version string, 5 resource string, 6 subresource string, 7 name string',
  NonResourceAttributes: '1 path string, 2 verb string',
  SelfSubjectRulesReview: '1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec, 3 status RulesStatus',
  SelfSubjectRulesReviewSpec: '1 namespace string',
  RulesStatus: '3 incomplete bool, 4 evaluationError string',
  ReviewStatus: '1 allowed bool, 2 reason string, 3 evaluationError string',
  Empty: '',
}

export interface FieldType {
  /** Empty when the field is written into its parent. */
  readonly name: string
  readonly type: string
  readonly shape: 'single' | 'list' | 'map'
  /** A zero value is kept. */
  readonly keepsZero: boolean
}

const parsed = new Map<string, Map<number, FieldType>>()

/** A message's fields by number; undefined for a message that is not known. */
export function fieldsOfMessage(message: string): Map<number, FieldType> | undefined {
  const known = parsed.get(message)
  const text = MESSAGES[message]
  if (known !== undefined || text === undefined) return known
  const fields = new Map<number, FieldType>()
  for (const field of text.split(', ').filter((part) => part !== '')) {
    const [number = '', name = '', type = ''] = field.split(' ')
    const shape = type.endsWith('[]') ? 'list' : type.endsWith('{}') ? 'map' : 'single'
    fields.set(Number(number), {
      name: name === '-' ? '' : name,
      type: type.replace(/(\[\]|\{\}|\?)$/, ''),
      shape,
      keepsZero: type.endsWith('?'),
    })
  }
  parsed.set(message, fields)
  return fields
}
