/**
 * Foreign formats into stored text: structured plain text in the manner of Markdown, made in a limited process of its
 * own because no parser of such formats can be trusted with hostile files. The server's side is {@code Parser}, the
 * other side begins at {@code ParserMain}.
 */
package graft.knowledge.parsing;
