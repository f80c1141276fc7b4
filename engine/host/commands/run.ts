// `comfyrunner run FILE`: one workflow through the engine process, without database or server.
import { randomUUID } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import type { Catalogue } from '../../graph/catalogue.ts'
import { writeUi } from '../../graph/comfy-write.ts'
import { type Json, writeJson } from '../../graph/json.ts'
import { problemsOf } from '../../graph/problems.ts'
import type { Prompt } from '../../graph/prompt.ts'
import { type Problem, type Validation, validatePrompt } from '../../graph/validate.ts'
import type { ModelFolders } from '../../library/model-folders.ts'
import { diskFiles } from '../../nodes/disk-files.ts'
import { type FileReference, pathOf } from '../../nodes/files.ts'
import { nodeTypes } from '../../nodes/index.ts'
import type { Job, RunEvent } from '../../run/events.ts'
import type { EngineConfig } from '../../run/protocol.ts'
import { readCatalogue } from '../catalogue.ts'
import { namesOnly, nodeChecks } from '../checks.ts'
import { localEngine } from '../engine.ts'
import { engineConfig, findModels } from '../engine-config.ts'
import { problemOf } from '../execution.ts'
import { makeFolders } from '../folders.ts'
import { copyExamples } from '../templates.ts'
import { precisionChoice } from './precision-option.ts'
import { placeEngine, providerChoice } from './provider-option.ts'
import { setSeed, setValue } from './set-values.ts'
import { onlyFile, readArgs, UsageError, warn } from './usage.ts'
import { openWorkflowFile, problemLine } from './workflow-file.ts'

const flags = {
  set: { type: 'string', multiple: true },
  seed: { type: 'string' },
  'models-dir': { type: 'string', multiple: true },
  'input-dir': { type: 'string' },
  'output-dir': { type: 'string' },
  'data-dir': { type: 'string' },
  provider: { type: 'string' },
  precision: { type: 'string' },
  json: { type: 'boolean' },
} as const

const secondSignalAfterMs = 500

interface Result {
  state: 'done' | 'failed' | 'interrupted' | 'invalid'
  outputs: { node: string; path: string }[]
  texts: { node: string; text: string }[]
  problems: Problem[]
  ms: number
}

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, flags)
  const file = onlyFile(positionals, 'run')
  const choice = providerChoice(values.provider)
  const precision = precisionChoice(values.precision)
  const folders = makeFolders({
    dataDir: values['data-dir'] && resolve(values['data-dir']),
    inputDir: values['input-dir'] && resolve(values['input-dir']),
    outputDir: values['output-dir'] && resolve(values['output-dir']),
    modelsDirs: values['models-dir']?.map(folder => resolve(folder)),
  })
  // A workflow that comes with the app finds the photo that it starts from.
  if (dirname(resolve(file)) === join(folders.resources, 'workflows')) await copyExamples(folders)
  const models = findModels(folders, warn)
  const config = engineConfig(folders, models.extra, 0, precision)
  const catalogue = readCatalogue(models, folders)

  const { document, prompt, problems } = openWorkflowFile(file, catalogue)
  for (const assignment of values.set ?? []) setValue(assignment, prompt, document, catalogue)
  if (values.seed !== undefined && setSeed(values.seed, prompt, document, catalogue) === 0)
    throw new UsageError('--seed: no node of this workflow takes a seed of its own.')
  const { validation, invalid } = await validate(prompt, catalogue, config, models)
  if (problems.length || invalid.length)
    return report(
      { state: 'invalid', outputs: [], texts: [], problems: [...problems, ...invalid], ms: 0 },
      values.json,
    )
  const job: Job = {
    id: randomUUID(),
    prompt: writeJson(validation.coerced),
    targets: validation.goodOutputs,
    pngInfo: writeJson({ workflow: writeUi(document, catalogue) }),
    previews: false,
  }
  const placed = { ...config, ...(await placeEngine(choice, folders)) }
  return report(await execute(job, placed, prompt, values.json ?? false), values.json)
}

async function validate(
  prompt: Prompt,
  catalogue: Catalogue,
  config: EngineConfig,
  models: ModelFolders,
): Promise<{ validation: Validation; invalid: Problem[] }> {
  const json = prompt as unknown as Json
  const checks = nodeChecks(nodeTypes, { files: diskFiles(config), models: namesOnly(models) })
  const checked = validatePrompt(json, catalogue)
  const validation = checked.error ? checked : await checks(checked)
  return { validation, invalid: problemsOf(validation, prompt, catalogue) }
}

async function execute(
  job: Job,
  config: EngineConfig,
  prompt: Prompt,
  json: boolean,
): Promise<Result> {
  const startedMs = Date.now()
  const result: Result = { state: 'failed', outputs: [], texts: [], problems: [], ms: 0 }
  const printProgress = progress(prompt)
  const abort = new AbortController()
  let interruptedMs = 0
  const interrupt = () => {
    // The second Ctrl+C does not wait. (A shell and a wrapper may both pass on the first.)
    if (abort.signal.aborted) {
      if (Date.now() - interruptedMs > secondSignalAfterMs) process.exit(1)
      return
    }
    interruptedMs = Date.now()
    process.stderr.write('\nstopping…\n')
    abort.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  const engine = localEngine(config)
  try {
    await engine.run(
      job,
      event => {
        printProgress(event)
        take(event, result, config, json)
      },
      abort.signal,
    )
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
    await engine.close()
  }
  return { ...result, ms: Date.now() - startedMs }
}

function take(event: RunEvent, result: Result, config: EngineConfig, json: boolean): void {
  if (event.type === 'shown') {
    const { images = [], files = [] } = event.shown
    const folders = { input: config.inputDir, output: config.outputDir, temp: config.tempDir }
    for (const file of [...images, ...files] as FileReference[]) {
      const path = join(folders[file.type], pathOf(file))
      result.outputs.push({ node: event.node, path })
      // As soon as it is there: a script may read on while the rest runs.
      if (!json) process.stdout.write(`${path}\n`)
    }
    for (const text of event.shown.text ?? []) {
      result.texts.push({ node: event.node, text: String(text) })
      process.stderr.write(`node ${event.node}: ${String(text)}\n`)
    }
  }
  if (event.type === 'finished') result.state = 'done'
  if (event.type === 'interrupted') result.state = 'interrupted'
  if (event.type === 'failed') result.problems.push(problemOf(event))
}

/** One line a node; on a terminal its steps count up on the spot. */
function progress(prompt: Prompt): (event: RunEvent) => void {
  // What an expansion added is shown as the node that it stands for.
  const name = ({ node, display = node }: { node: string; display?: string }) => {
    const { class_type = '', _meta } = prompt[display] ?? {}
    return `${display} ${_meta?.title ?? class_type}`
  }
  const live = process.stderr.isTTY
  return event => {
    if (event.type === 'progress' && live)
      process.stderr.write(`\r\u001b[K${name(event)}  ${stepsOf(event)} `)
    if (event.type === 'done')
      process.stderr.write(
        `${live ? '\r\u001b[K' : ''}${name(event)}  ${(event.ms / 1000).toFixed(2)} s\n`,
      )
  }
}

const stepsOf = ({ done, of, doing }: { done: number; of: number; doing?: string }) =>
  doing ? `${doing}: ${Math.floor((100 * done) / of)} %` : `${done}/${of}`

function report(result: Result, json: boolean | undefined): number {
  for (const problem of result.problems) process.stderr.write(`${problemLine(problem)}\n`)
  if (result.state === 'interrupted') process.stderr.write('interrupted\n')
  if (json) process.stdout.write(`${writeJson(result, 2)}\n`)
  return { done: 0, failed: 1, interrupted: 1, invalid: 2 }[result.state]
}
