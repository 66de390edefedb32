import type { workbooksZh } from './workbooks.zh'

/** Texts of workbooks that are read, in English. */
export const workbooksEn: typeof workbooksZh = {
  workbook: {
    fault: {
      workbook_empty: 'The file is empty.',
      workbook_unknown_format: 'This kind of file cannot be read; use .xlsx, .xls or .csv.',
      workbook_html: 'This is a web page, not an Excel file: open it in Excel and save it as .xlsx.',
      workbook_old_excel: 'The file is too old (Excel 95 or before): save it as .xlsx.',
      workbook_xml_2003: 'An “XML Spreadsheet 2003” cannot be read: save it as .xlsx.',
      workbook_macros: 'The file has macros: save it as .xlsx.',
      workbook_encrypted: 'The file has a password; remove it first.',
      workbook_damaged: 'The file is damaged; open it in Excel and save it again.',
      workbook_zip_bomb: 'The file unpacks to too much.',
      workbook_encoding: 'The text is neither UTF-8 nor GBK.',
      workbook_too_large: 'The file is too large.',
      workbook_too_much_text: 'The file has too much text.',
      workbook_too_many_columns: 'There are too many columns.',
      workbook_too_many_rows: 'There are too many rows; use several files.',
      workbook_too_many_cells: 'There are too many cells; use several files.',
      workbook_too_many_merged: 'There are too many merged cells.',
      workbook_too_many_sheets: 'There are too many sheets.',
    },
    cell: {
      formula_not_computed: 'The formula has no result; save the file in Excel again',
      formula_error: 'The formula fails',
      cell_text_too_long: 'The cell has too much text',
    },
  },
}
