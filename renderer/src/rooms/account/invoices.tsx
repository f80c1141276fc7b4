import type { AccountDetails, Invoice } from '../../../../engine/api/contract-account.ts'
import { Button } from '../../ui/button.tsx'
import { Card, Row } from '../settings/settings-parts.tsx'
import { formatDay, formatMoney, openInBrowser } from './account-parts.tsx'

/** Receipts; absent until there is one. */
export function Invoices({ details: { invoices } }: { details: AccountDetails }) {
  if (invoices.length === 0) return null
  return (
    <Card title="Receipts">
      {invoices.map(invoice => (
        <Row
          key={invoice.id}
          label={formatDay(invoice.createdMs)}
          about={invoice.number ?? undefined}
        >
          <span className="tabular">{paid(invoice)}</span>
          {invoice.hostedUrl && (
            <Button onClick={() => openInBrowser(invoice.hostedUrl!)}>Open</Button>
          )}
        </Row>
      ))}
    </Card>
  )
}

function paid({ status, amountPaidCents, amountRefundedCents, currency }: Invoice): string {
  const amount = formatMoney(amountPaidCents, currency)
  if (amountRefundedCents > 0)
    return `${amount}, ${formatMoney(amountRefundedCents, currency)} returned`
  return status === 'paid' ? amount : `${amount} (${status})`
}
