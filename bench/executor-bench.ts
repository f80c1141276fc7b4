// What the executor itself costs: a chain of image nodes that do nothing, first run and fully cached.
// `node bench/executor-bench.ts [nodes]`
import { execute } from '../engine/run/executor.ts'
import { bench, jobOf, pictureChain } from '../engine/run/fixtures/run-prompt.ts'

const nodes = Number(process.argv[2] ?? 1000)
const job = jobOf(pictureChain(nodes))
const { environment, calls } = bench()

for (const name of ['first run', 'cached', 'cached']) {
  const before = calls.length
  const startedMs = performance.now()
  const cpu = process.cpuUsage()
  await execute(job, environment, new AbortController().signal, () => {})
  const ms = performance.now() - startedMs
  const { user, system } = process.cpuUsage(cpu)
  const perNode = ((1000 * ms) / nodes).toFixed(1)
  console.log(
    `${name.padEnd(9)} ${ms.toFixed(1)} ms, ${perNode} µs a node, CPU ${((user + system) / 1000).toFixed(1)} ms, ${calls.length - before} calls`,
  )
}
