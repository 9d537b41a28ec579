/** Conditions of a GitSync or a Dashboard: types, merging, schema. Meaning follows kstatus: Reconciling and Stalled exist only while true. */
import { z } from 'zod'
import type { Reason } from './reasons.ts'

const CONDITION_TYPES = {
  Ready: 'Git holds what the cluster holds, as of observedGeneration.',
  Reconciling: 'Work towards Ready goes on or will be tried again; present only while true.',
  Stalled: 'Nothing more happens until somebody changes something; present only while true.',
  RateLimited:
    'The Git host asked to wait, or its limits are used up; the message says until when; present only while true.',
  Incomplete:
    'Kinds that kind: "*" stands for, or versions of a dashboard, are not read; the message names some; present only while true.',
} as const
export type ConditionType = keyof typeof CONDITION_TYPES

const CONDITION_TYPE_NAMES = Object.keys(CONDITION_TYPES) as [ConditionType, ...ConditionType[]]
/** Longest message that is kept, in characters. */
const MESSAGE_MAX = 2048

// Types and reasons are open in the schema: an operator that is newer than the installed CRD must be able to say its word.
const conditionSchema = z
  .object({
    type: z.string().min(1).max(64).meta({ description: 'What the condition is about.' }),
    status: z.enum(['True', 'False', 'Unknown']),
    reason: z.string().min(1).max(128).meta({ description: 'Why, in one word.' }),
    message: z.string().max(MESSAGE_MAX).meta({ description: 'Why, for a person, with what to do.' }),
    lastTransitionTime: z.string().meta({ description: 'When status last changed.', format: 'date-time' }),
    observedGeneration: z
      .int()
      .meta({ description: 'Generation of the spec that the condition describes.', format: 'int64' })
      .optional(),
  })
  .meta({ description: 'One aspect of the state.' })

const conditionsSchema = z
  .array(conditionSchema)
  .max(16)
  .meta({
    description: 'State in words: Ready, and Reconciling, Stalled, RateLimited, Incomplete while true.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  })

/** The fields that begin each status. */
export const observedState = {
  observedGeneration: z
    .int()
    .meta({ description: 'Generation of the spec that this status describes.', format: 'int64' })
    .optional(),
  conditions: conditionsSchema.optional(),
}

export type Condition = z.output<typeof conditionSchema>

/** What a reconcile found out about one condition. */
export interface ConditionState {
  readonly type: ConditionType
  readonly status: Condition['status']
  readonly reason: Reason
  /** Cut at 2,048 characters. */
  readonly message: string
}

export interface ConditionContext {
  /** RFC 3339, seconds; taken over where a status changes. */
  readonly now: string
  /** `metadata.generation` of the object that was reconciled. */
  readonly generation: number
}

/**
 * The conditions after a reconcile: those of `states`, in the order of {@link CONDITION_TYPES}; the others are gone, and so is
 * any but Ready that isn't True. `lastTransitionTime` is kept where the status is unchanged.
 * Gives back `previous` itself when nothing changed, so that a status is written only for a reason.
 */
export function setConditions(
  previous: readonly Condition[],
  states: readonly ConditionState[],
  { now, generation }: ConditionContext,
): readonly Condition[] {
  const next: Condition[] = []
  for (const type of CONDITION_TYPE_NAMES) {
    const state = states.find((candidate) => candidate.type === type)
    if (state === undefined || (type !== 'Ready' && state.status !== 'True')) continue
    const before = previous.find((candidate) => candidate.type === type)
    next.push({
      type,
      status: state.status,
      reason: state.reason,
      message: state.message.slice(0, MESSAGE_MAX),
      lastTransitionTime: before?.status === state.status ? before.lastTransitionTime : now,
      observedGeneration: generation,
    })
  }
  return isSame(previous, next) ? previous : next
}

function isSame(a: readonly Condition[], b: readonly Condition[]): boolean {
  if (a.length !== b.length) return false
  return b.every((condition) => {
    const other = a.find((candidate) => candidate.type === condition.type)
    return (
      other !== undefined &&
      other.status === condition.status &&
      other.reason === condition.reason &&
      other.message === condition.message &&
      other.observedGeneration === condition.observedGeneration
    )
  })
}
