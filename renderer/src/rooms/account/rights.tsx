// What belongs to the person: all of it to take along, and the way out.
import { type FormEvent, useState } from 'react'
import type { AccountDetails } from '../../../../engine/api/contract-account.ts'
import { host, reason } from '../../host/connection.ts'
import { toastError } from '../../stores/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { Card, Row } from '../settings/settings-parts.tsx'
import { Field, formatDay, openInBrowser, Said, Submit, useTask } from './account-parts.tsx'

export function Rights({ details }: { details: AccountDetails }) {
  const [deleting, setDeleting] = useState(false)
  const exporting = useTask()
  return (
    <Card
      title="Your data"
      about="What is held about you is on this page and in the export; nothing else is."
    >
      <Row
        label="Export everything"
        about="A zip: your profile, counts, receipts, and the workflows you saved, as files."
      >
        <Button disabled={exporting.busy} onClick={() => exporting.run(download)}>
          Export
        </Button>
      </Row>
      {exporting.said && (
        <div className="px-3 py-2.5">
          <Said>{exporting.said}</Said>
        </div>
      )}
      {details.deletion ? (
        <Row
          label={
            <span className="text-warn" data-testid="deletion-pending">
              The account is erased on {formatDay(details.deletion.eraseAfterMs)}.
            </span>
          }
          about="Until then nothing is lost."
        >
          <Button
            look="accent"
            onClick={() =>
              host.account
                .cancelDeletion()
                .catch(error => toastError(`Not cancelled. ${reason(error)}`))
            }
          >
            Keep the account
          </Button>
        </Row>
      ) : (
        <Row
          label="Delete the account"
          about="After 14 days everything is erased; a subscription ends. What is on this machine stays."
        >
          <Button look="danger" aria-expanded={deleting} onClick={() => setDeleting(!deleting)}>
            Delete
          </Button>
        </Row>
      )}
      {deleting && !details.deletion && (
        <Delete identities={details.identities} onDone={() => setDeleting(false)} />
      )}
    </Card>
  )
}

async function download() {
  const response = await fetch('/account/export')
  if (!response.ok) {
    const said = await response.json().catch(() => undefined)
    throw new Error(said?.message ?? 'The export did not arrive.')
  }
  const link = document.createElement('a')
  const archive = await response.blob().catch(() => {
    throw new Error('The export broke off on its way. Try again.')
  })
  link.href = URL.createObjectURL(archive)
  link.download = 'comfyrunner-account.zip'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

interface DeleteProps {
  identities: string[]
  onDone: () => void
}

/** Asks who it is once more: by the password, or by signing in with Google anew. */
function Delete({ identities, onDone }: DeleteProps) {
  const [password, setPassword] = useState('')
  const task = useTask()
  const google = useTask()
  const withPassword = identities.includes('email')
  const request = async (event: FormEvent) => {
    event.preventDefault()
    const input = withPassword ? { password } : {}
    if (await task.run(() => host.account.requestDeletion(input))) onDone()
  }
  return (
    <form className="flex flex-col gap-3 px-3 py-3" onSubmit={request}>
      {withPassword ? (
        <Field
          label="Your password, so that nobody else can do this"
          type="password"
          autoComplete="current-password"
          autoFocus
          required
          value={password}
          onChange={setPassword}
        />
      ) : (
        <p className="text-soft">
          Sign in with Google once more, so that nobody else can do this, then go on.{' '}
          <Button
            className="h-6!"
            disabled={google.busy}
            onClick={() =>
              google.run(async () => openInBrowser((await host.account.signInWithGoogle()).url))
            }
          >
            Sign in with Google
          </Button>
        </p>
      )}
      <Said>{task.said ?? google.said}</Said>
      <div className="flex gap-2">
        <Submit task={task} look="danger">
          Delete my account in 14 days
        </Submit>
        <Button look="plain" onClick={onDone}>
          Keep it
        </Button>
      </div>
    </form>
  )
}
