// `comfyrunner bench`: how fast this machine runs the engine.
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { benchEngine, benchText } from '../../../bench/engine-bench.ts'
import { testProvider } from '../../backends/provider-test.ts'
import { writeJson } from '../../graph/json.ts'
import { planFolders } from '../folders.ts'
import { hardwareReport, hardwareText } from '../hardware-report.ts'
import { choosePlacement, readPlacementContext } from '../placement-context.ts'
import { readArgs, UsageError } from './usage.ts'

const flags = { json: { type: 'boolean' }, threads: { type: 'string' } } as const

/** Further checkpoints may be named; the starter model is always measured. */
export async function bench(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, flags)
  const threads = readThreads(values.threads)
  const note = (text: string) => process.stderr.write(`${text} …\n`)
  const folders = planFolders()
  note('hardware')
  const context = await readPlacementContext({ test: provider => testProvider(provider) })
  const hardware = await hardwareReport(context, await choosePlacement('auto', context))
  const report = await benchEngine({
    checkpoints: positionals.map(file => resolve(file)),
    resources: folders.resources,
    int8Dir: join(folders.data, 'int8'),
    threads,
    note,
  })
  const text = values.json
    ? writeJson({ hardware, ...report }, 2)
    : `${hardwareText(hardware)}\n\n${benchText(report)}`
  process.stdout.write(`${text}\n`)
  return 0
}

/** Undefined: as many as the engine takes. One thread waits for no other, so its CPU seconds are all work. */
function readThreads(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const threads = Number(given)
  const most = availableParallelism()
  if (!Number.isInteger(threads) || threads < 1 || threads > most)
    throw new UsageError(`--threads ${given}: a whole number from 1 to ${most} is needed.`)
  return threads
}
