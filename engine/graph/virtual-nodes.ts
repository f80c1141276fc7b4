import { type Catalogue, descriptionOf } from './catalogue.ts'

export const rerouteType = 'Reroute'
export const primitiveType = 'PrimitiveNode'
const noteTypes = new Set(['Note', 'MarkdownNote'])

/** Whether nodes of this type exist on the canvas only and never run. */
export const isVirtual = (type: string, catalogue: Catalogue): boolean =>
  type === rerouteType ||
  type === primitiveType ||
  noteTypes.has(type) ||
  descriptionOf(catalogue, type)?.virtual === true
