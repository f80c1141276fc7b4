// Opening a file of any form, and saying in words what is wrong with one that is no workflow.
import type { Catalogue } from './catalogue.ts'
import { readUi } from './comfy-read.ts'
import type { Document } from './document.ts'
import { checkDocument } from './document-form.ts'
import { isObject, type Json, type JsonObject, readJson } from './json.ts'
import type { Prompt } from './prompt.ts'
import { fromPrompt } from './prompt-layout.ts'
import { WorkflowError } from './workflow-error.ts'

export { documentText, readDocument } from './document-form.ts'
export { WorkflowError } from './workflow-error.ts'

export type WorkflowForm = 'document' | 'ui' | 'api'

/** Hundred times the largest official template; what is larger was not drawn by a person. */
const maxLength = 64 * 2 ** 20

/**
 * Opens any form: ours, ComfyUI's UI form, its API form, and either inside `{workflow}`, `{prompt}`
 * or the body of `POST /prompt`. @throws WorkflowError
 */
export function openWorkflow(
  text: string,
  catalogue: Catalogue,
): { document: Document; form: WorkflowForm } {
  return openJson(parse(text), catalogue)
}

function openJson(json: Json, catalogue: Catalogue): { document: Document; form: WorkflowForm } {
  if (!isObject(json)) {
    throw new WorkflowError('This is JSON, but not a workflow: a workflow is an object with nodes.')
  }
  if ('format' in json && isObject(json.nodes)) {
    return { document: checkDocument(json), form: 'document' }
  }
  if (Array.isArray(json.nodes)) return { document: readUi(json, catalogue), form: 'ui' }
  const carried = carriedWorkflow(json)
  if (carried !== undefined) return openJson(carried, catalogue)
  if (isPrompt(json)) return { document: fromPrompt(json, catalogue), form: 'api' }
  throw new WorkflowError(notAWorkflow(json))
}

/** A workflow within something else: a picture's text chunks, a request's body. */
function carriedWorkflow(json: JsonObject): Json | undefined {
  const pngInfo = isObject(json.extra_data) ? json.extra_data.extra_pnginfo : undefined
  const candidates = [
    json.workflow,
    isObject(pngInfo) ? pngInfo.workflow : undefined,
    json.prompt,
    json.output,
  ]
  for (const candidate of candidates) {
    const inner = typeof candidate === 'string' ? parseQuietly(candidate) : candidate
    if (isObject(inner) && (Array.isArray(inner.nodes) || isObject(inner.nodes))) return inner
    if (isObject(inner) && isPrompt(inner)) return inner
  }
  return undefined
}

function isPrompt(json: JsonObject): json is JsonObject & Prompt {
  const nodes = Object.values(json)
  return (
    nodes.length > 0 &&
    nodes.every(node => isObject(node)) &&
    nodes.some(node => isObject(node) && typeof node.class_type === 'string')
  )
}

function notAWorkflow(json: JsonObject): string {
  const keys = Object.keys(json).slice(0, 5)
  if (keys.length === 0) return 'This file holds an empty object, not a workflow.'
  return (
    'This is JSON, but not a workflow: it has neither a list of nodes nor nodes with a class_type. ' +
    `It holds ${keys.map(key => `"${key.slice(0, 40)}"`).join(', ')}.`
  )
}

// ---- text

function parseQuietly(text: string): Json | undefined {
  try {
    return readJson(text)
  } catch {
    return undefined
  }
}

function parse(text: string): Json {
  const source = text.replace(/^\uFEFF/, '')
  if (source.trim() === '') throw new WorkflowError('This file is empty.')
  if (source.length > maxLength) {
    throw new WorkflowError('This file is too large for a workflow (over 64 MB).')
  }
  const wrongKind = otherKind(source)
  if (wrongKind) throw new WorkflowError(wrongKind)
  try {
    return readJson(source)
  } catch (error) {
    throw new WorkflowError(brokenJson(source, (error as Error).message))
  }
}

function otherKind(source: string): string | undefined {
  if (/^.PNG\r?\n/s.test(source) || source.startsWith('RIFF')) {
    return 'This is a picture, not a workflow file. Drop it on the canvas: a picture may carry its workflow.'
  }
  if (/^\s*<(!doctype|html|\?xml)/i.test(source)) {
    return 'This is a web page, not a workflow. Save the workflow itself (on GitHub: the "raw" file).'
  }
  return undefined
}

/** The parser says "… at position 17"; people count lines. */
function brokenJson(source: string, message: string): string {
  const position = Number(/ at position (\d+)/.exec(message)?.[1] ?? source.length)
  const before = source.slice(0, position)
  const line = before.split('\n').length
  const column = position - before.lastIndexOf('\n')
  const what = message.replace(/ at position \d+$/, '').replace(/\n/g, 'line break')
  const hint = position >= source.trimEnd().length ? ' The file seems to be cut off.' : ''
  return `This is not valid JSON: line ${line}, column ${column}: ${what}.${hint}`
}
