import type { AccountDetails } from '../../../../engine/api/contract-account.ts'
import { host, reason } from '../../host/connection.ts'
import { toastError } from '../../stores/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { formatTime } from '../../ui/format.ts'
import { Card, Row } from '../settings/settings-parts.tsx'

/** Where the person signed in; a lost one can be kept from counting. */
export function Devices({ details: { devices } }: { details: AccountDetails }) {
  if (devices.length === 0) return null
  const revoke = (id: string) =>
    host.account
      .revokeDevice({ id })
      .catch(error => toastError(`The device was not removed. ${reason(error)}`))
  return (
    <Card
      title="Devices"
      about="Names and times only: this is how workflows are counted on several machines."
    >
      {devices.map(({ id, name, lastSeenMs, revoked, here }) => (
        <Row
          key={id}
          label={<span className="selectable">{name}</span>}
          about={here ? 'This one' : `Last seen ${formatTime(lastSeenMs).toLowerCase()}`}
        >
          {revoked ? (
            <span className="text-faint">Removed</span>
          ) : (
            !here && <Button onClick={() => revoke(id)}>Remove</Button>
          )}
        </Row>
      ))}
    </Card>
  )
}
