// Settings, and the proof of what was sent: every request this app ever made.
import { useState } from 'react'
import { PageHeader } from '../../shell/page-header.tsx'
import { changeSettings, useSystem } from '../../stores/system.ts'
import { Button } from '../../ui/button.tsx'
import { formatBytes } from '../../ui/format.ts'
import { HardwareCard } from './hardware-card.tsx'
import { NetworkLedger } from './network-ledger.tsx'
import { Card, Row, Segments, SwitchRow } from './settings-parts.tsx'

const themes = [
  ['system', 'System'],
  ['dark', 'Dark'],
  ['light', 'Light'],
] as const

export function SettingsRoom() {
  const { settings, info } = useSystem()
  return (
    <>
      <PageHeader title="Settings">{info && `ComfyRunner ${info.version}`}</PageHeader>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-[720px] flex-col gap-7 px-6 py-6">
          {settings && (
            <>
              <Card title="Appearance">
                <Row label="Theme">
                  <Segments
                    label="Theme"
                    options={themes}
                    value={settings.theme}
                    onChange={theme => changeSettings({ theme })}
                  />
                </Row>
              </Card>
              <Card title="Engine">
                <SwitchRow
                  label="Previews while a picture is made"
                  about="Costs a little time at every step."
                  on={settings.previews}
                  onChange={previews => changeSettings({ previews })}
                />
                <Row
                  label="Memory for loaded models"
                  about="What is not needed is let go when models take more. Empty: half of the memory."
                >
                  <MemoryField
                    value={settings.memoryBudgetMb}
                    onChange={memoryBudgetMb => changeSettings({ memoryBudgetMb })}
                  />
                </Row>
                <SwitchRow
                  label="Faster, less exact"
                  about="Stable Diffusion on the processor in 8-bit numbers: about twice as quick, pictures differ a little. The first run of a model takes longer."
                  on={settings.precision === 'int8'}
                  onChange={on => changeSettings({ precision: on ? 'int8' : 'exact' })}
                />
              </Card>
              <HardwareCard />
              <Card
                title="Model folders"
                about="Further folders with ComfyUI’s layout, such as the models folder of your ComfyUI."
              >
                <ModelFolders
                  folders={settings.modelDirs}
                  onChange={modelDirs => changeSettings({ modelDirs })}
                />
              </Card>
            </>
          )}
          {info && (
            <Card title="Where things lie">
              <Row label="Data">
                <Path path={info.folders.data} />
              </Row>
              <Row label="Pictures">
                <Path path={info.folders.output} />
              </Row>
            </Card>
          )}
          <Card
            title="Network"
            about={
              info
                ? `${formatBytes(info.sentBytes)} sent. Every request this app ever made stands here.`
                : undefined
            }
          >
            {settings && (
              <SwitchRow
                label="Stay offline"
                about="Refuses every request that would leave this machine."
                on={settings.offline}
                onChange={offline => changeSettings({ offline })}
              />
            )}
            <NetworkLedger />
          </Card>
        </div>
      </div>
    </>
  )
}

const Path = ({ path }: { path: string }) => (
  <span className="selectable font-mono text-[12px] text-soft wrap-anywhere">{path}</span>
)

function MemoryField({ value, onChange }: { value: number; onChange: (mb: number) => void }) {
  const [text, setText] = useState(value ? String(value) : '')
  const keep = () => {
    const next = Math.max(0, Math.round(Number(text.replace(/[^\d.]/g, '')) || 0))
    setText(next ? String(next) : '')
    if (next !== value) onChange(next)
  }
  return (
    <label className="flex items-center gap-2 text-soft">
      <input
        aria-label="Memory for loaded models in megabytes"
        inputMode="numeric"
        placeholder="automatic"
        className="h-7 w-28 rounded-control bg-field px-2 text-right text-ink tabular"
        value={text}
        onChange={event => setText(event.target.value)}
        onBlur={keep}
        onKeyDown={event => event.key === 'Enter' && keep()}
      />
      MB
    </label>
  )
}

interface FoldersProps {
  folders: string[]
  onChange: (folders: string[]) => void
}

function ModelFolders({ folders, onChange }: FoldersProps) {
  const [path, setPath] = useState('')
  const add = () => {
    const next = path.trim()
    if (next && !folders.includes(next)) onChange([...folders, next])
    setPath('')
  }
  return (
    <>
      {folders.map(folder => (
        <Row key={folder} label={<Path path={folder} />}>
          <Button onClick={() => onChange(folders.filter(other => other !== folder))}>
            Remove
          </Button>
        </Row>
      ))}
      <form
        className="flex gap-2 px-3 py-2.5"
        onSubmit={event => {
          event.preventDefault()
          add()
        }}
      >
        <input
          aria-label="Path of a models folder"
          placeholder="Path of a models folder on this machine"
          spellCheck={false}
          className="h-7 min-w-0 flex-1 rounded-control bg-field px-2 font-mono text-[12px]"
          value={path}
          onChange={event => setPath(event.target.value)}
        />
        <Button type="submit" disabled={!path.trim()}>
          Add
        </Button>
      </form>
    </>
  )
}
