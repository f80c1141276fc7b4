// Our own storage form: the document as lossless JSON with `format: 1`. The shape is checked where
// it comes in, so that everything behind this border may trust its types.
import { z } from 'zod'
import type { Document } from './document.ts'
import { isObject, type Json, type JsonObject, readJson, writeJson } from './json.ts'
import { WorkflowError } from './workflow-error.ts'

const formatVersion = 1

const text = z.string()
const rest = z.custom<JsonObject>(isObject).optional()
const slot = {
  name: text,
  type: text,
  label: text.optional(),
  rest,
}
const node = z.object({
  id: text,
  type: text,
  title: text.optional(),
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
  mode: z.enum(['always', 'mute', 'bypass']),
  collapsed: z.boolean().optional(),
  pinned: z.boolean().optional(),
  color: text.optional(),
  inputs: z.array(z.object({ ...slot, widget: text.optional(), optional: z.boolean().optional() })),
  outputs: z.array(z.object(slot)),
  // Whatever JSON can hold.
  values: z.custom<Record<string, Json>>(isObject),
  controls: z.record(text, z.enum(['fixed', 'increment', 'decrement', 'randomize'])).optional(),
  rest,
})
const link = z.object({
  id: text,
  from: text,
  fromSlot: z.number().int(),
  to: text,
  toSlot: z.number().int(),
  type: text,
  rest,
})
const group = z.object({
  title: text,
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
  color: text.optional(),
  rest,
})
const graph = {
  nodes: z.record(text, node),
  links: z.record(text, link),
  groups: z.array(group),
}
const port = z.object({ id: text, ...slot })
const subgraph = z.object({
  ...graph,
  id: text,
  name: text,
  inputs: z.array(port),
  outputs: z.array(port),
  rest,
})
const document = z.object({ ...graph, subgraphs: z.record(text, subgraph), rest })

/** Our own storage form: lossless JSON with `format: 1`. */
export const documentText = (document: Document): string =>
  writeJson({ format: formatVersion, ...document })

/** @throws WorkflowError */
export function readDocument(source: string): Document {
  try {
    return checkDocument(readJson(source))
  } catch (error) {
    if (error instanceof WorkflowError) throw error
    throw new WorkflowError(`The stored workflow is not readable: ${(error as Error).message}`)
  }
}

/** @throws WorkflowError naming the first place that is wrong. */
export function checkDocument(value: Json): Document {
  if (isObject(value) && typeof value.format === 'number' && value.format > formatVersion) {
    throw new WorkflowError(
      `This workflow was saved by a newer version (format ${value.format}). Update ComfyRunner to open it.`,
    )
  }
  const checked = document.safeParse(value)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const place = issue?.path.join(' › ') || 'its top level'
  throw new WorkflowError(`The stored workflow is damaged at ${place}: ${issue?.message}`)
}
