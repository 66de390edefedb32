/** Texts of workbooks that are read, in Simplified Chinese. */
export const workbooksZh = {
  workbook: {
    fault: {
      workbook_empty: '文件里没有内容。',
      workbook_unknown_format: '不能读这种文件，请用 .xlsx、.xls 或 .csv。',
      workbook_html: '这是网页，不是 Excel 文件：请在 Excel 中打开后另存为 .xlsx。',
      workbook_old_excel: '文件版本太旧（Excel 95 及以前）：请另存为 .xlsx。',
      workbook_xml_2003: '不能读“XML 电子表格 2003”：请另存为 .xlsx。',
      workbook_macros: '文件含有宏，不能导入：请另存为 .xlsx。',
      workbook_encrypted: '文件有密码，请取消密码后再导入。',
      workbook_damaged: '文件已损坏，请在 Excel 中打开后重新保存。',
      workbook_zip_bomb: '文件解开后过大，不能导入。',
      workbook_encoding: '文字编码既不是 UTF-8 也不是 GBK。',
      workbook_too_large: '文件过大。',
      workbook_too_much_text: '文件的文字过多。',
      workbook_too_many_columns: '列数过多。',
      workbook_too_many_rows: '行数过多，请分成几个文件。',
      workbook_too_many_cells: '单元格过多，请分成几个文件。',
      workbook_too_many_merged: '合并的单元格过多。',
      workbook_too_many_sheets: '工作表过多。',
    },
    cell: {
      formula_not_computed: '公式没有计算结果，请在 Excel 中重新保存',
      formula_error: '公式出错',
      cell_text_too_long: '单元格内容过长',
    },
  },
}
