import { type Catalogue, descriptionOf } from './catalogue.ts'

export const REROUTE = 'Reroute'
export const PRIMITIVE = 'PrimitiveNode'
const NOTES = new Set(['Note', 'MarkdownNote'])

/** Whether nodes of this type exist on the canvas only and never run. */
export const isVirtual = (type: string, catalogue: Catalogue): boolean =>
  type === REROUTE ||
  type === PRIMITIVE ||
  NOTES.has(type) ||
  descriptionOf(catalogue, type)?.virtual === true
