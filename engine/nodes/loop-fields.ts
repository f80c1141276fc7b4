// How often a loop runs and over what: inputs of the nodes that need to know, and what they mean.
import type { Rounds } from '../run/loop.ts'
import { choice, type Field, int, socket, when } from './define.ts'

/** A loop of more rounds is a mistake, or work for several runs. */
const maxRounds = 10_000

const modes = ['simple', 'For', 'List'] as const
const whole = { min: -maxRounds, max: maxRounds }

export const loopFields = () => ({
  mode: choice(modes, {
    about: 'simple: so many times. For: counts from a start to an end. List: once for each entry.',
  }),
  'mode.num_iterations': when('mode', ['simple'], int({ default: 1, min: 1, max: maxRounds })),
  'mode.start_iteration_index': when('mode', ['For'], int({ default: 0, ...whole })),
  'mode.max_iteration': when(
    'mode',
    ['For'],
    int({ default: 1, ...whole, about: 'The index at which it ends; this one is not run.' }),
  ),
  'mode.step': when('mode', ['For'], int({ default: 1, ...whole })),
  'mode.list': when('mode', ['List'], socket('*', 'The list that is gone through.')),
})

type Values = { [N in keyof ReturnType<typeof loopFields>]?: readonly unknown[] }

/** Inputs come as whole lists. @throws Error in words for a step of 0 or too many rounds */
export function roundsOf(inputs: Values): Rounds {
  const at = (name: keyof Values, otherwise: number) => Number(inputs[name]?.[0] ?? otherwise)
  switch (inputs.mode?.[0]) {
    case 'For':
      return {
        indices: counted(
          at('mode.start_iteration_index', 0),
          at('mode.max_iteration', 1),
          at('mode.step', 1),
        ),
      }
    case 'List': {
      const items = inputs['mode.list'] ?? []
      return { indices: counted(0, items.length, 1), items }
    }
    default:
      return { indices: counted(0, at('mode.num_iterations', 1), 1) }
  }
}

/** Python's `range`. */
function counted(from: number, to: number, step: number): number[] {
  if (step === 0) throw new Error('A step of 0 never reaches the end. Choose another step.')
  const length = Math.max(0, Math.ceil((to - from) / step))
  if (length > maxRounds)
    throw new Error(`The loop would have ${length} rounds; at most ${maxRounds} are allowed.`)
  return Array.from({ length }, (_, i) => from + i * step)
}

/** Outputs of the first round's Start Loop and of the rounds after it. */
export const roundOutputs = {
  iteration_index: 'INT',
  is_first: 'BOOLEAN',
  is_last: 'BOOLEAN',
  list_item: '*',
  current_iteration_value: '*',
} as const

/** `run` gets the link of this input, not its value. */
export const asLink = <T>(field: Field<T>): Field<T> => ({ ...field, rawLink: true })
