// Every workflow of ../shared either can run, or names what is missing: a node type that is not
// here, a partner's node, a model file, a picture. Nothing else may be wrong with it.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeAll } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { toPrompt } from './comfy-prompt.ts'
import type { Problem } from './explain.ts'
import { sharedFolder } from './fixtures/samples.ts'
import { openWorkflow } from './open-workflow.ts'
import { isPartnerNode } from './partner-nodes.ts'
import { problemsOf } from './problems.ts'
import type { Prompt } from './prompt.ts'
import { validatePrompt } from './validate.ts'

const here = sharedFolder !== undefined
const shared = sharedFolder ?? ''
/** As on a machine that has the program and no model, no picture. */
const catalogue = describeAll(nodeTypes.values(), { files: () => [] })

interface Opened {
  name: string
  prompt: Prompt
  problems: Problem[]
}

function openAll(folder: string): Opened[] {
  const names = readdirSync(join(shared, folder)).filter(name => name.endsWith('.json'))
  return names.map(name => {
    const text = readFileSync(join(shared, folder, name), 'utf8')
    const { document } = openWorkflow(text, catalogue)
    const { prompt, problems } = toPrompt(document, catalogue)
    const validation = validatePrompt(prompt as never, catalogue)
    return { name, prompt, problems: [...problems, ...problemsOf(validation, prompt, catalogue)] }
  })
}

/** What a problem says is missing, or nothing when it says something else. */
function missingThing({ code, node, nodeType, input, message }: Problem, prompt: Prompt) {
  const type = prompt[node ?? '']?.class_type
  if (code === 'unknown_node' || code === 'partner_node')
    return type === nodeType && !nodeTypes.has(nodeType!) && message.includes(`"${nodeType}"`)
      ? `${code} ${nodeType}`
      : undefined
  const described = catalogue[nodeType ?? '']?.inputs.find(({ name }) => name === input)
  const widget = described?.widget
  if (type !== nodeType || widget?.kind !== 'choice') return undefined
  const value = String(prompt[node!]!.inputs[input!])
  const named = message.includes(`"${value}"`)
  if (code === 'value_not_in_list' && widget.folder)
    return named ? `${widget.folder}/${value}` : undefined
  if (code === 'custom_validation_failed' && widget.upload)
    return named ? `picture ${value}` : undefined
  // A family of text encoders that the loaders do not know: the one choice that names models.
  if (code === 'value_not_in_list' && input === 'type' && /CLIPLoader$/.test(nodeType ?? ''))
    return named ? `encoder type ${value}` : undefined
  return undefined
}

describe.skipIf(!here)(`workflows of ../shared${here ? '' : ' (which is not here)'}`, () => {
  test.each(['templates', 'workflows', 'api'])('%s', folder => {
    const opened = openAll(folder)
    expect(opened.length).toBeGreaterThan(190)
    const odd: string[] = []
    const causes = new Map<string, number>()
    let ready = 0
    for (const { name, prompt, problems } of opened) {
      if (problems.length === 0) ready++
      for (const problem of problems) {
        const cause = missingThing(problem, prompt) ?? emptyBranch(problem, name)
        if (cause) causes.set(cause, (causes.get(cause) ?? 0) + 1)
        else odd.push(`${name}: ${problem.node} ${problem.nodeType} ${problem.message}`)
      }
    }
    console.log(`${folder}: ${opened.length} opened, ${ready} ready, ${causes.size} things missing`)
    expect(odd).toEqual([])
  })

  test('what needs a partner says so', () => {
    const silent = openAll('templates').filter(
      ({ name, problems }) =>
        /^api_/.test(name) && !problems.some(({ code }) => code === 'partner_node'),
    )
    expect(silent.map(({ name }) => name)).toEqual([])
  })
})

/** Templates that leave an output of theirs unconnected, or have none at all. */
function emptyBranch({ code, nodeType, input }: Problem, name: string): string | undefined {
  if (code === 'required_input_missing' && nodeType === 'PreviewAny' && input === 'source')
    return `unconnected in ${basename(name)}`
  return undefined
}

test('no node of ours, and none of ComfyUI’s core, counts as a partner’s', () => {
  expect([...nodeTypes.keys()].filter(isPartnerNode)).toEqual([])
  if (!here) return
  const core = JSON.parse(readFileSync(join(shared, 'object_info.json'), 'utf8'))
  expect(Object.keys(core).filter(isPartnerNode)).toEqual([])
})
