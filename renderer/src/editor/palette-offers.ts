// Which node types the palette offers, and how the chosen one is plugged in.

import {
  type Catalogue,
  type NodeDescription,
  typesMatch,
} from '../../../engine/graph/catalogue.ts'
import { activeInputs } from '../../../engine/graph/dynamic-inputs.ts'
import type { LooseEnd } from './canvas-state.ts'

export interface PaletteOffer {
  type: string
  title: string
  category: string
  /** The type of what it gives, or else takes first: its colour in the list. */
  colour: string
  texts: string[]
  deprecated: boolean
}

/**
 * Where a loose end plugs into a node of this type: the name of an input, or the index of an
 * output. An exact type beats one that takes anything; sockets beat widgets.
 */
export function fittingSlot(
  description: NodeDescription,
  end: Pick<LooseEnd, 'side' | 'type'>,
): string | number | undefined {
  if (end.side === 'output') {
    // A fresh node has the inputs that its choices bring at their defaults.
    const there = activeInputs(description.inputs, {})
    const fits = there.filter(({ type }) => typesMatch(end.type, type))
    const sockets = fits.filter(({ widget, socketOnly }) => !widget || socketOnly)
    const best =
      sockets.find(({ type }) => type === end.type) ??
      fits.find(({ type }) => type === end.type) ??
      sockets[0] ??
      fits[0]
    return best?.name
  }
  const exact = description.outputs.findIndex(({ type }) => type === end.type)
  const any = description.outputs.findIndex(({ type }) => typesMatch(type, end.type))
  return exact >= 0 ? exact : any >= 0 ? any : undefined
}

/** Exact fits first, then by title. */
export function offers(catalogue: Catalogue, from?: LooseEnd): PaletteOffer[] {
  const exact = ({ inputs, outputs }: NodeDescription) =>
    from !== undefined &&
    (from.side === 'output' ? inputs : outputs).some(({ type }) => type === from.type)
  return Object.values(catalogue)
    .filter(description => !from || fittingSlot(description, from) !== undefined)
    .sort(
      (a, b) =>
        Number(exact(b)) - Number(exact(a)) ||
        Number(a.deprecated ?? false) - Number(b.deprecated ?? false) ||
        a.title.localeCompare(b.title),
    )
    .map(({ type, title, category, outputs, inputs, aliases = [], deprecated = false }) => ({
      type,
      title,
      category,
      colour: outputs[0]?.type ?? inputs[0]?.type ?? '*',
      texts: [title, type, ...aliases, category],
      deprecated,
    }))
}
