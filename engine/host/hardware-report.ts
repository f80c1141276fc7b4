// What this machine can do, in plain words and measured figures: for the settings page and `bench`.
import type { HardwareReport } from '../api/contract.ts'
import type { Provider } from '../inference/layers.ts'
import { faultOf, type Placement } from '../inference/providers/choice.ts'
import { providerProfiles, whyNotOffered } from '../inference/providers/profiles.ts'
import { describeMemory, hardwareOf, instructionsOf } from './hardware.ts'
import type { PlacementContext } from './placement-context.ts'

/**
 * Stable Diffusion 1.5 at 512 × 512: 10⁹ operations of matrix products, as `countFlops` of
 * bench/flops.ts counts them: twenty steps with guidance, then the decoder.
 */
const pictureGflop = 20 * 1606.5 + 2514.5

/** Of what matrix products reach, networks reach this on a processor; `bench` measures the share. */
const processorShare = 0.65

export async function hardwareReport(
  surroundings: PlacementContext,
  placement: Placement,
  /** A machine at work would be measured too slow: then only what is known is said. */
  idle = true,
): Promise<HardwareReport> {
  const { machine, gpus, tests } = surroundings
  const { provider } = placement
  const outcome = tests.known(provider) ?? (idle ? await tests.test(provider) : undefined)
  const gflops = outcome?.state === 'tested' ? outcome.result.gflops : undefined
  return {
    processor: machine.processor,
    cores: machine.cores,
    instructions: instructionsOf(hardwareOf(machine).flags).join(', '),
    memoryBytes: machine.memoryBytes,
    gpus: gpus.map(({ name, memoryBytes }) => ({ name, memoryBytes })),
    providers: providerRows(surroundings, placement),
    why: placement.why,
    gflops,
    expectation: expectation(provider, gflops),
  }
}

function providerRows(
  { installation, tests }: PlacementContext,
  { provider: used }: Placement,
): HardwareReport['providers'] {
  const rows = Object.values(providerProfiles).filter(({ platforms }) =>
    platforms.includes(installation.platform),
  )
  return rows.map(({ id, name, limits }) => {
    const row = { id, name }
    const missing = whyNotOffered(id, installation)
    if (missing) return { ...row, state: 'missing', about: sentence(missing) }
    const known = tests.known(id)
    const fault = known && faultOf(known)
    if (fault) return { ...row, state: 'refused', about: sentence(fault) }
    const speed = known?.state === 'tested' ? `${describeSpeed(known.result.gflops)}.` : ''
    const described = [speed, ...limits].filter(Boolean).join(' ')
    if (id === used) return { ...row, state: 'used', about: described }
    if (id === 'cpu' || known) return { ...row, state: 'ready', about: speed }
    return { ...row, state: 'untested', about: 'Tested against the processor when it is chosen.' }
  })
}

const sentence = (predicate: string) => `${predicate[0]!.toUpperCase()}${predicate.slice(1)}.`

const describeSpeed = (gflops: number) =>
  gflops < 10
    ? `${gflops.toPrecision(2)} GFLOP/s in matrix products`
    : `${Math.round(gflops)} GFLOP/s in matrix products`

const picture = 'A picture of 512 × 512 pixels with Stable Diffusion 1.5 and 20 steps'

/** Seconds are rounded to what such an estimate can know. */
export function expectation(provider: Provider, gflops: number | undefined): string {
  if (!gflops) return 'How quick it is, is measured when the engine has nothing to do.'
  if (provider === 'cpu') return `${picture}: ${about(pictureGflop / (gflops * processorShare))}.`
  // Nobody has measured which share networks reach there.
  return `${picture}: at best ${about(pictureGflop / gflops)}.`
}

export function about(seconds: number): string {
  if (seconds < 1.5) return 'about a second'
  if (seconds < 15) return `about ${Math.round(seconds)} seconds`
  if (seconds < 52) return `about ${Math.round(seconds / 5) * 5} seconds`
  if (seconds < 90) return 'about a minute'
  if (seconds < 3300) return `about ${Math.round(seconds / 60)} minutes`
  const hours = Math.round(seconds / 1800) / 2
  return hours === 1 ? 'about an hour' : `about ${hours} hours`
}

/** The report as `comfyrunner bench` prints it. */
export function hardwareText(report: HardwareReport): string {
  const { processor, cores, instructions, memoryBytes, gpus, providers, why } = report
  const core = cores === 1 ? 'core' : 'cores'
  const graphics = gpus.map(({ name, memoryBytes: own }) =>
    own ? `${name} with ${describeMemory(own)}` : name,
  )
  const used = providers.find(({ state }) => state === 'used')
  return [
    [`${processor}, ${cores} ${core}`, instructions, `${describeMemory(memoryBytes)} of memory`]
      .filter(Boolean)
      .join(', '),
    `Graphics: ${graphics.join(', ') || 'none found'}`,
    `Computes with: ${used?.name ?? 'nothing'}. ${why}`,
    ...providers
      .filter(({ state }) => state !== 'used')
      .map(({ name, about }) => `  ${name}: ${about || 'ready.'}`),
    report.expectation,
  ].join('\n')
}
