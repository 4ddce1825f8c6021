/** Puts a button into every column's head that sorts the rows by it. */
export function makeSortable(table: HTMLTableElement): void {
  const heads = [...table.tHead!.rows[0]!.cells];
  for (const [column, head] of heads.entries()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const ascending = head.ariaSort !== 'ascending';
      for (const other of heads)
        other.ariaSort = other === head ? (ascending ? 'ascending' : 'descending') : null;
      sortBy(table.tBodies[0]!, column, ascending);
    });
  }
}

function sortBy(body: HTMLTableSectionElement, column: number, ascending: boolean): void {
  const cell = (row: HTMLTableRowElement) => row.cells[column]!;
  const order = [...body.rows].sort((a, b) => {
    const [left, right] = [cell(a), cell(b)];
    const sign = ascending ? 1 : -1;
    const [x, y] = [left.dataset.value, right.dataset.value];
    if (x === undefined || y === undefined) {
      return sign * left.textContent!.localeCompare(right.textContent!, 'en', { numeric: true });
    }
    if (x === '' || y === '') return Number(x === '') - Number(y === ''); // nothing comes last
    return sign * (Number(x) - Number(y));
  });
  body.append(...order);
}
