// What this machine is, what it computes with and why, and how long a picture takes on it.
import { useEffect, useState } from 'react'
import type { HardwareReport, Settings } from '../../../../engine/api/contract.ts'
import { host, reason } from '../../host/connection.ts'
import { changeSettings, useSystem } from '../../stores/system.ts'
import { formatMemory } from '../../ui/format.ts'
import { Card, Row, Segments } from './settings-parts.tsx'

interface Asked {
  report?: HardwareReport
  /** The report that is shown is about to be another. */
  waiting: boolean
  failed?: string
}

/** The report, asked for again whenever something happened that may have changed it. */
function useHardware(settings: Settings | undefined): Asked {
  const provider = useSystem(({ info }) => info?.provider)
  const notice = useSystem(({ info }) => info?.notice)
  const choice = settings?.provider
  const [asked, setAsked] = useState<Asked>({ waiting: true })
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of them may change the answer
  useEffect(() => {
    let current = true
    setAsked(({ report }) => ({ report, waiting: true }))
    host.system.hardware().then(
      report => current && setAsked({ report, waiting: false }),
      error =>
        current && setAsked(({ report }) => ({ report, waiting: false, failed: reason(error) })),
    )
    return () => {
      current = false
    }
  }, [choice, provider, notice])
  return asked
}

export function HardwareCard() {
  const settings = useSystem(state => state.settings)
  const { report, waiting, failed } = useHardware(settings)
  if (!settings) return null
  return (
    <Card title="This machine" about={report?.expectation}>
      {report ? (
        <>
          <Row label="Compute with" about={waiting ? 'Testing…' : report.why}>
            <Segments
              label="Compute with"
              options={[
                ['auto', 'Automatic'],
                ...report.providers.map(({ id, name }) => [id, name] as const),
              ]}
              value={settings.provider}
              onChange={provider => changeSettings({ provider })}
            />
          </Row>
          <Providers report={report} />
          <Row label="Graphics">
            <span className="selectable text-right text-soft">{graphicsWords(report)}</span>
          </Row>
        </>
      ) : (
        <Row label={failed ? 'It could not be measured' : 'Measuring…'} about={failed}>
          <span />
        </Row>
      )}
    </Card>
  )
}

const stateWords = {
  used: 'In use',
  ready: 'Ready',
  untested: 'Not tested yet',
  refused: 'Not usable',
  missing: 'Not installed',
}
const stateColours = {
  used: 'text-good',
  ready: 'text-soft',
  untested: 'text-soft',
  refused: 'text-bad',
  missing: 'text-faint',
}

const Providers = ({ report }: { report: HardwareReport }) =>
  report.providers.map(({ id, name, state, about }) => (
    <div key={id} data-testid={`provider-${id}`}>
      <Row label={name} about={id === 'cpu' ? `${processorWords(report)}. ${about}` : about}>
        <span className={stateColours[state]}>{stateWords[state]}</span>
      </Row>
    </div>
  ))

const processorWords = ({ processor, cores, instructions, memoryBytes }: HardwareReport) =>
  [
    `${processor}, ${cores} ${cores === 1 ? 'core' : 'cores'}`,
    instructions,
    `${formatMemory(memoryBytes)} of memory`,
  ]
    .filter(Boolean)
    .join(', ')

const graphicsWords = ({ gpus }: HardwareReport) =>
  gpus
    .map(({ name, memoryBytes }) => (memoryBytes ? `${name}, ${formatMemory(memoryBytes)}` : name))
    .join('; ') || 'None found'
