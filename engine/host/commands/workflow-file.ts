// A workflow in whatever form a file holds it: UI format, API format, or a picture.
import { readFileSync, statSync } from 'node:fs'
import type { Catalogue } from '../../graph/catalogue.ts'
import { toPrompt } from '../../graph/comfy-prompt.ts'
import type { Document } from '../../graph/document.ts'
import { isObject, readJson } from '../../graph/json.ts'
import { openWorkflow, WorkflowError } from '../../graph/open-workflow.ts'
import type { Prompt } from '../../graph/prompt.ts'
import type { Problem } from '../../graph/validate.ts'
import { extractWorkflow } from '../../image/extract-workflow.ts'
import { UsageError } from './usage.ts'

const fileLimitBytes = 512 * 2 ** 20

export interface WorkflowFile {
  document: Document
  /** What will run. An API form stays as it is, ids and unknown inputs included. */
  prompt: Prompt
  problems: Problem[]
}

/** Text of the workflow in the file. @throws UsageError naming the file */
function readWorkflowText(file: string): string {
  const facts = statSync(file, { throwIfNoEntry: false })
  if (facts?.isDirectory()) throw new UsageError(`${file} is a folder. Name the file in it.`)
  if (!facts?.isFile()) throw new UsageError(`There is no file ${file}.`)
  if (facts.size > fileLimitBytes)
    throw new UsageError(`${file} is larger than ${fileLimitBytes >> 20} MB: not a workflow.`)
  const bytes = readFileSync(file)
  const start = bytes
    .subarray(0, 64)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
  if (start.startsWith('{') || start.startsWith('[')) return bytes.toString().replace(/^\uFEFF/, '')
  const { workflow, prompt } = extractWorkflow(bytes)
  const carried = workflow ?? prompt
  if (carried === undefined)
    throw new UsageError(
      `${file} is neither workflow JSON nor a picture that carries a workflow (some sites strip it).`,
    )
  return carried
}

/** @throws UsageError when the text is no workflow */
export function openWorkflowFile(file: string, catalogue: Catalogue): WorkflowFile {
  const text = readWorkflowText(file)
  try {
    const { document, form } = openWorkflow(text, catalogue)
    if (form === 'api') return { document, prompt: apiForm(text), problems: [] }
    return { document, ...toPrompt(document, catalogue) }
  } catch (error) {
    if (error instanceof WorkflowError || error instanceof SyntaxError)
      throw new UsageError(`${file}: ${error.message}`)
    throw error
  }
}

function apiForm(text: string): Prompt {
  const json = readJson(text)
  const prompt = isObject(json) && isObject(json.prompt) ? json.prompt : json
  return prompt as unknown as Prompt
}

/** `node 3 (KSampler), scheduler: …` */
export function problemLine({ node, nodeType, input, message, hint }: Problem): string {
  const place = node === undefined ? '' : `node ${node}${nodeType ? ` (${nodeType})` : ''}`
  const where = [place, input].filter(Boolean).join(', ')
  return [where && `${where}:`, message, hint].filter(Boolean).join(' ')
}
