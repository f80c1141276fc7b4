// Workflows that were saved to the account: open, versions, name, link, removal. Only what is saved
// here by hand ever leaves this machine.
import { Link2, MoreHorizontal } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import type {
  AccountDetails,
  CloudVersion,
  CloudWorkflow,
} from '../../../../engine/api/contract-account.ts'
import { host, reason } from '../../host/connection.ts'
import { openShared } from '../../stores/account.ts'
import { toast, toastError } from '../../stores/toasts.ts'
import { openStored } from '../../stores/workflows.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatBytes, formatTime } from '../../ui/format.ts'
import { ButtonMenu } from '../../ui/menu.tsx'
import { Card, Row } from '../settings/settings-parts.tsx'
import { Said } from './account-parts.tsx'

/** Opens a stored workflow, or an older version of it, in the editor. */
async function openFromCloud(id: string, version?: number) {
  try {
    const { workflow } = await host.account.workflows.open({ id, version })
    await openStored(workflow)
  } catch (error) {
    toastError(`The workflow did not open. ${reason(error)}`)
  }
}

export function StoredWorkflows({ details }: { details: AccountDetails }) {
  const { usedBytes, limitBytes } = details.storage
  const [rows, setRows] = useState<CloudWorkflow[]>()
  const [failed, setFailed] = useState<string>()
  const load = useCallback(async () => {
    try {
      setRows(await host.account.workflows.list())
      setFailed(undefined)
    } catch (error) {
      setFailed(reason(error))
    }
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: other bytes mean other workflows
  useEffect(() => void load(), [load, usedBytes])

  const doing = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      toastError(`${what} ${reason(error)}`)
    }
    await load()
    void host.account.refresh().catch(() => {})
  }
  return (
    <Card
      title="Saved to your account"
      about={`${formatBytes(usedBytes)}${limitBytes === null ? '' : ` of ${formatBytes(limitBytes)}`}. Only workflows that you save with “Save to my account” are here.`}
    >
      {failed && (
        <div className="px-3 py-2.5">
          <Said>{failed}</Said>
        </div>
      )}
      {rows?.length === 0 && (
        <p data-testid="stored-empty" className="px-3 py-3 text-soft">
          Nothing. Open a workflow and choose “Save to my account” from its menu; then you can open
          it on another machine.
        </p>
      )}
      {rows?.map(row => (
        <StoredRow key={row.id} row={row} doing={doing} />
      ))}
      <OpenLink />
    </Card>
  )
}

interface StoredRowProps {
  row: CloudWorkflow
  doing: (what: string, work: () => Promise<unknown>) => Promise<void>
}

function StoredRow({ row, doing }: StoredRowProps) {
  const [naming, setNaming] = useState(false)
  const [versions, setVersions] = useState(false)
  const { id, name, shareUrl } = row
  const { workflows } = host.account
  const share = () =>
    doing('Not shared.', async () => {
      const { url } = await workflows.share({ id })
      await navigator.clipboard.writeText(url).then(
        () => toast('The link is copied: whoever has it can open a copy.', { kind: 'good' }),
        () => toast(`The link: ${url}`),
      )
    })
  const rename = (next: string) => {
    setNaming(false)
    if (next && next !== name)
      void doing('Not renamed.', () => workflows.rename({ id, name: next }))
  }
  return (
    <div data-testid="stored-workflow">
      <Row
        label={
          naming ? (
            <NameField name={name} onDone={rename} />
          ) : (
            <span className="selectable">{name}</span>
          )
        }
        about={`Version ${row.version}, ${formatTime(row.updatedMs)}, ${formatBytes(row.sizeBytes)}`}
      >
        {shareUrl && (
          <Button look="plain" onClick={share} title={shareUrl}>
            <Link2 size={13} aria-hidden /> Shared
          </Button>
        )}
        <Button onClick={() => openFromCloud(id)}>Open</Button>
        <ButtonMenu
          trigger={
            <IconButton label={`More for ${name}`}>
              <MoreHorizontal size={14} aria-hidden />
            </IconButton>
          }
          entries={[
            {
              label: versions ? 'Hide the versions' : 'Versions',
              perform: () => setVersions(!versions),
            },
            { label: 'Rename', perform: () => setNaming(true) },
            shareUrl
              ? {
                  label: 'Stop sharing',
                  perform: () => void doing('Still shared.', () => workflows.unshare({ id })),
                }
              : { label: 'Share by a link', perform: () => void share() },
            'line',
            {
              label: 'Remove from the account',
              danger: true,
              perform: () => void doing('Not removed.', () => workflows.remove({ id })),
            },
          ]}
        />
      </Row>
      {versions && <Versions id={id} current={row.version} />}
    </div>
  )
}

const NameField = ({ name, onDone }: { name: string; onDone: (name: string) => void }) => (
  <input
    // biome-ignore lint/a11y/noAutofocus: the person asked to name it
    autoFocus
    aria-label="Name of the saved workflow"
    defaultValue={name}
    maxLength={200}
    className="h-7 w-full rounded-control bg-field px-2"
    onFocus={event => event.target.select()}
    onBlur={event => onDone(event.target.value.trim())}
    onKeyDown={event => {
      if (event.key === 'Escape') event.currentTarget.value = name
      if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
    }}
  />
)

function Versions({ id, current }: { id: string; current: number }) {
  const [rows, setRows] = useState<CloudVersion[]>()
  const [failed, setFailed] = useState<string>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version makes a new list
  useEffect(() => {
    host.account.workflows.versions({ id }).then(setRows, error => setFailed(reason(error)))
  }, [id, current])
  return (
    <ul className="border-t border-line bg-panel px-3 py-1.5" data-testid="versions">
      {failed && <Said>{failed}</Said>}
      {rows?.map(({ version, createdMs, sizeBytes, device }) => (
        <li key={version} className="flex min-h-8 items-center gap-3">
          <span className="flex-1 text-soft tabular">
            Version {version}, {formatTime(createdMs)}, {formatBytes(sizeBytes)}
            {device && ` from ${device}`}
          </span>
          <Button className="h-6!" onClick={() => openFromCloud(id, version)}>
            Open as a copy
          </Button>
        </li>
      ))}
    </ul>
  )
}

function OpenLink() {
  const [link, setLink] = useState('')
  return (
    <form
      className="flex gap-2 px-3 py-2.5"
      onSubmit={async event => {
        event.preventDefault()
        if (await openShared(link)) setLink('')
      }}
    >
      <input
        aria-label="Link to a shared workflow"
        placeholder="Link to a workflow that somebody shared"
        spellCheck={false}
        className="h-7 min-w-0 flex-1 rounded-control bg-field px-2"
        value={link}
        onChange={event => setLink(event.target.value)}
      />
      <Button type="submit" disabled={!link.trim()}>
        Open
      </Button>
    </form>
  )
}
