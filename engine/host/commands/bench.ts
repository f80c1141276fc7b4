// `comfyrunner bench`: how fast this machine runs the engine.
import { resolve } from 'node:path'
import { benchEngine, benchText } from '../../../bench/engine-bench.ts'
import { writeJson } from '../../graph/json.ts'
import { planFolders } from '../folders.ts'
import { readArgs } from './usage.ts'

const OPTIONS = { json: { type: 'boolean' } } as const

/** Further checkpoints may be named; the starter model is always measured. */
export async function bench(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, OPTIONS)
  const report = await benchEngine({
    checkpoints: positionals.map(file => resolve(file)),
    resources: planFolders().resources,
    note: text => process.stderr.write(`${text} …\n`),
  })
  process.stdout.write(`${values.json ? writeJson(report, 2) : benchText(report)}\n`)
  return 0
}
