// What the nodes that set several properties of prompts at once have in common.
import type { Conditioning, ConditioningItem } from '../models/kinds.ts'
import type { Hooks } from '../sampling/hooks.ts'
import type { Tensor } from '../tensor.ts'
import { choice, float, optional, socket } from './define.ts'

/** A part of the run, in shares. */
export interface TimestepsRange {
  start: number
  end: number
}

export const propertyFields = () => ({
  strength: float({
    default: 1,
    min: 0,
    max: 10,
    step: 0.01,
    about: 'Of the mask, if there is one.',
  }),
  set_cond_area: choice(['default', 'mask bounds'], {
    about: 'Whether the model sees the whole picture or only the box around the mask.',
  }),
  mask: optional(socket('MASK', 'Where the prompt acts.')),
  hooks: optional(socket('HOOKS', 'LoRAs that hold for this prompt only.')),
  timesteps: optional(socket('TIMESTEPS_RANGE', 'When the prompt acts.')),
})

export interface Properties {
  strength: number
  set_cond_area: 'default' | 'mask bounds'
  mask?: Tensor
  hooks?: Hooks
  timesteps?: TimestepsRange
}

export const withProperties = (
  conditioning: Conditioning,
  { strength, set_cond_area, mask, hooks, timesteps }: Properties,
): ConditioningItem[] =>
  conditioning.map(item => ({
    ...item,
    ...(mask && {
      mask,
      maskStrength: strength,
      setAreaToBounds: set_cond_area === 'mask bounds',
    }),
    ...(hooks && { hooks: [...(item.hooks ?? []), ...hooks] }),
    ...(timesteps && { start: timesteps.start, end: timesteps.end }),
  }))
