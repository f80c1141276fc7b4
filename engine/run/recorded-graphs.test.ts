// Graphs of ComfyUI's own tests: what runs, in which order, what is reused, refused, blocked and
// blamed, against recordings of its server.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isObject, readJson, writeJson } from '../graph/json.ts'
import { validatePrompt } from '../graph/validate.ts'
import { nodeChecks } from '../host/checks.ts'
import { describeAll } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { ResultCache } from './cache.ts'
import type { RunEvent } from './events.ts'
import { execute } from './executor.ts'
import { noFiles, noModels } from './fixtures/run-prompt.ts'
import { testingPack } from './fixtures/testing-pack.ts'

interface Message {
  type: string
  node?: string | null
  display_node?: string
  nodes?: string[]
  node_id?: string
  output?: unknown
  executed?: string[]
  exception_message?: string
  exception_type?: string
}
interface Trace {
  status: number
  answer: { error?: { type: string }; node_errors: Record<string, { errors: ReportedError[] }> }
  messages?: Message[]
  history_outputs?: Record<string, number>
}
interface ReportedError {
  type: string
  details: string
}

// Of ComfyUI 0.3.64, less what differs from run to run.
const text = readFileSync(resolve(import.meta.dirname, 'fixtures/testing-traces.json'), 'utf8')
const traces: Record<string, Trace> = JSON.parse(text)
// Read apart: 5 and 5.0 are not the same in a prompt.
const lossless = readJson(text)
const promptOf = (name: string) => {
  const trace = isObject(lossless) && lossless[name]
  return isObject(trace) ? (trace.prompt ?? {}) : {}
}

const types = new Map([...testingPack, ['RebatchImages', nodeTypes.get('RebatchImages')!]])
const catalogue = describeAll(types.values(), { files: () => [] })
const context = { files: noFiles, models: noModels }
const checks = nodeChecks(types, context)

/** What a run came to, in words that do not depend on times. */
interface Story {
  cached: string[]
  /** `id` or `id as display`, in order. */
  ran: string[]
  /** Had by an equal node of the same run. */
  shared: string[]
  /** How many pictures each output shows. */
  shown: Record<string, number>
  blocked: string[]
  failed?: { node: string; executed: string[] }
}

const place = (node: string, display = node) => (display === node ? node : `${node} as ${display}`)

function recorded({ messages = [], history_outputs = {} }: Trace): Story {
  const of = (type: string) => messages.filter(message => message.type === type)
  const errors = of('execution_error')
  const error = errors.find(({ exception_type }) => exception_type !== 'ExecutionBlocked')
  return {
    cached: of('execution_cached').flatMap(({ nodes = [] }) => nodes),
    ran: of('executing').flatMap(({ node, display_node }) =>
      node ? [place(node, display_node)] : [],
    ),
    shared: of('executed').flatMap(({ node, output }) => (output === null ? [node!] : [])),
    shown: history_outputs,
    blocked: errors.filter(one => one !== error).map(({ node_id }) => node_id!),
    failed: error && { node: error.node_id!, executed: [...error.executed!].sort() },
  }
}

function storyOf(events: readonly RunEvent[]): Story {
  const story: Story = { cached: [], ran: [], shared: [], shown: {}, blocked: [] }
  const started = new Set<string>()
  for (const event of events) {
    if (event.type === 'cached') story.cached = event.nodes
    if (event.type === 'started') {
      started.add(event.node)
      story.ran.push(place(event.node, event.display))
    }
    if (event.type === 'done' && !started.has(event.node)) story.shared.push(event.node)
    if (event.type === 'shown') story.shown[event.node] = event.shown.values!.length
    if (event.type === 'blocked') story.blocked.push(event.node)
    if (event.type === 'failed')
      story.failed = { node: event.node!, executed: [...event.executed].sort() }
  }
  return story
}

async function play(name: string, cache: ResultCache) {
  const targets = name === 'partial_empty' ? [] : undefined
  const validation = await checks(validatePrompt(promptOf(name), catalogue, targets))
  if (validation.error) return { validation }
  const events: RunEvent[] = []
  const prompt = writeJson(validation.coerced)
  await execute(
    { id: name, prompt, targets: validation.goodOutputs, pngInfo: '{}', previews: false },
    { ...context, nodeTypes: types, cache },
    new AbortController().signal,
    event => events.push(event),
  )
  return { validation, story: storyOf(events) }
}

/** Types of errors by node; what a node's own check says is one error here, one an input there. */
const problems = (nodeErrors: Trace['answer']['node_errors']) =>
  Object.fromEntries(
    Object.entries(nodeErrors).map(([id, { errors }]) => [id, [...new Set(errors.map(wordsOf))]]),
  )
const wordsOf = ({ type, details }: ReportedError) =>
  type === 'custom_validation_failed' ? type : `${type}: ${details}`

/**
 * Where ours differs on purpose. ComfyUI forgets results that the prompt before did not need; here
 * they stay while there is room.
 */
const remembered: Record<string, string[]> = { size_mismatch: ['m'], lazy_list: ['b'] }
/** What ComfyUI begins of an expansion before it notices the circle; here it is noticed at once. */
const begunInVain: Record<string, RegExp> = { dynamic_cycle: /^g\./ }
/** A check by the node itself never makes the limits of its inputs void. */
const refusedHere: Record<string, string> = { v5_over_max: 'v' }
/** Types that a link brings are checked for all nodes alike, before their own checks. */
const otherWords = /^v[23]_stubint$|^v5_seven$/

/** A recording as it would be with what we remember: nodes that wait in vain are asked once. */
function asHere(name: string, story: Story): Story {
  const known = remembered[name] ?? []
  const skip = begunInVain[name]
  const runs = (id: string) => !known.includes(id) && !skip?.test(id)
  const { failed } = story
  return {
    ...story,
    cached: [...story.cached, ...known].sort(),
    ran: story.ran.filter(runs),
    failed: failed && { ...failed, executed: failed.executed.filter(runs) },
  }
}

const lastOfEach = (ids: readonly string[]) => ids.filter((id, i) => !ids.includes(id, i + 1))

describe('graphs that ComfyUI was recorded with', () => {
  const kept = new ResultCache()

  test.each(Object.keys(traces))('%s', async name => {
    const trace = traces[name]!
    const recording = recorded(trace)
    // The server ran others in between, so an empty list means that nothing was left of before.
    const cache = recording.cached.length > 0 ? kept : new ResultCache()
    const { validation, story } = await play(name, cache)
    if (cache !== kept) await play(name, kept)
    const refused = refusedHere[name]
    if (refused) {
      expect(Object.keys(validation.nodeErrors)).toEqual([refused])
      return
    }
    if (trace.status !== 200) {
      const { error, node_errors } = trace.answer
      expect(validation.error!.type).toBe(error!.type)
      if (otherWords.test(name))
        expect(Object.keys(validation.nodeErrors)).toEqual(Object.keys(node_errors))
      else expect(problems(validation.nodeErrors)).toEqual(problems(node_errors))
      return
    }
    const want = asHere(name, recording)
    const got = { ...story!, cached: story!.cached.toSorted() }
    if (remembered[name]) {
      want.ran = lastOfEach(want.ran)
      got.ran = lastOfEach(got.ran)
    }
    expect(got).toEqual(want)
  })
})
