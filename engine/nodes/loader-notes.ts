// What a loader says beside its answer: the file runs, but not all of it counts.
import { type Shown, ui } from './define.ts'

/** Spread into a node's answer. Nothing to say adds nothing. */
export const noted = (notes: readonly string[] = []): { [ui]?: Shown } =>
  notes.length > 0 ? { [ui]: { text: [...notes] } } : {}

/** A LoRA's layers for text encoders, by the names that trainers give them. */
const forText = /^(lora_te\d?_|text_encoders?[._]|text_encoder_\d\.)/

/**
 * Which layers of a LoRA have no place. `unused` holds a list for each part that it was put on, and
 * only what none of them has a place for counts; without a text encoder its layers are left out.
 */
export function loraNotes(
  name: string,
  unused: readonly (readonly string[] | undefined)[],
  { withText }: { withText: boolean },
): string[] {
  // Without the model's answer nothing is known; a text encoder that gives none takes nothing.
  if (!unused[0]) return []
  const lists = unused.filter(list => list !== undefined)
  const common = lists.reduce((all, own) => all.filter(layer => own.includes(layer)))
  const lost = withText ? common : common.filter(layer => !forText.test(layer))
  if (lost.length === 0) return []
  const [layers, have, more] = lost.length > 1 ? ['layers', 'have', ' …'] : ['layer', 'has', '']
  return [
    `${lost.length} ${layers} of ${name} ${have} no effect on this model ("${lost[0]}"${more}).`,
  ]
}
