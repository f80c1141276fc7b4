// From what a client hands in to what is queued: convert, validate, say what is wrong.
import { randomUUID } from 'node:crypto'
import type { Problem } from '../api/contract.ts'
import type { Catalogue } from '../graph/catalogue.ts'
import { toPrompt } from '../graph/comfy-prompt.ts'
import { writeUi } from '../graph/comfy-write.ts'
import type { Document } from '../graph/document.ts'
import { type Json, writeJson } from '../graph/json.ts'
import { problemsOf } from '../graph/problems.ts'
import { type Validation, validatePrompt } from '../graph/validate.ts'
import type { NewRun } from '../store/runs.ts'
import type { Checks } from './checks.ts'
import { searchTextOf } from './recipe.ts'

/** What every way of asking for a run has in common. */
export type Submission = Omit<NewRun, 'number' | 'queuedMs'>

export interface Prepared {
  submission?: Submission
  /** Empty unless nothing, or not everything, can run. */
  problems: Problem[]
}

/** Our document, as the page and the CLI hand it in. */
export async function prepareDocument(
  document: Document,
  catalogue: Catalogue,
  asked: { name: string; workflow?: string; text?: string; targets?: string[] },
  checks: Checks,
): Promise<Prepared> {
  const { prompt, problems } = toPrompt(document, catalogue)
  if (problems.length) return { problems }
  const json = prompt as unknown as Json
  const validation = await checks(validatePrompt(json, catalogue, asked.targets))
  const invalid = problemsOf(validation, prompt, catalogue)
  if (validation.error) return { problems: invalid }
  const pngInfo = writeJson({ workflow: writeUi(document, catalogue) })
  return {
    problems: invalid,
    submission: {
      ...submissionOf(validation, pngInfo),
      name: asked.name,
      workflow: asked.workflow,
      document: asked.text,
    },
  }
}

/** A validated prompt; only its good outputs are run. */
export const submissionOf = (validation: Validation, pngInfo: string): Submission => ({
  id: randomUUID(),
  name: '',
  words: searchTextOf(validation.coerced),
  targets: validation.goodOutputs,
  extraData: '{}',
  pngInfo,
  prompt: writeJson(validation.coerced),
})
