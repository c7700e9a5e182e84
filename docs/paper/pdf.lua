-- The short paper as LaTeX: code that is a formula becomes one, a picture and the paragraph below it become a figure.

-- Code that is none of these is a formula.
local function is_command(text)
  return text:find("^equipoise ") or text:find("^verify ") or text == "figures"
end

local SIGNS = {
  { "%.%.", "\\ldots " }, { "%->", "\\to " }, { ">=", "\\ge " }, { "<=", "\\le " }, { "!=", "\\ne " },
  { "(%a)bar", "\\bar{%1}" }, { "_test", "_{\\mathrm{test}}" }, { "_%+", "_{+}" }, { "_%-", "_{-}" },
  { "u%*_", "u^*_" }, { "%f[%w]l2%f[%W]", "\\mathrm{l2}" }, { " : ", "\\,{:}\\," },
}
local WORDS = { "sum", "lambda", "omega", "beta", "pi", "log", "exp", "max" }

local function formula(text)
  for _, sign in ipairs(SIGNS) do
    text = text:gsub(sign[1], sign[2])
  end
  for _, word in ipairs(WORDS) do
    text = text:gsub("%f[%a]" .. word .. "%f[%A]", "\\" .. word .. " ")
  end
  return (text:gsub("%f[%a]Var%f[%A]", "\\operatorname{Var} "))
end

function Code(code)
  if is_command(code.text) then return code end
  return pandoc.Math("InlineMath", formula(code.text))
end

-- `formula, (B5)` on a line of its own.
function CodeBlock(block)
  local text, name = block.text:match("^%s*(.-),?%s+%((%u%d)%)%s*$")
  text = text or block.text
  local tag = name and ("\\tag{" .. name .. "}") or ""
  return pandoc.Para({ pandoc.Math("DisplayMath", formula(text) .. tag) })
end

function Str(word)
  local text = word.text:gsub("∎", "\\hfill$\\square$"):gsub("−", "$-$")
  if text ~= word.text then return pandoc.RawInline("latex", (text:gsub("%%", "\\%%"))) end
end

-- Pages of the book are no places in a PDF.
function Link(link)
  if not link.target:find("^https?:") then return link.content end
end

local function latex(inlines)
  return pandoc.write(pandoc.Pandoc({ pandoc.Plain(inlines) }), "latex")
end

local function picture(block)
  if block and block.t == "Para" and #block.content == 1 and block.content[1].t == "Image" then
    return block.content[1].src:match("([^/]+)%.svg$")
  end
end

function Pandoc(document)
  local blocks, place = {}, 1
  while place <= #document.blocks do
    local block = document.blocks[place]
    local stem = picture(block)
    if block.t == "Header" and block.level == 1 then
      document.meta.title = pandoc.MetaInlines(block.content)
    elseif stem then
      local caption = document.blocks[place + 1].content[1].content
      blocks[#blocks + 1] = pandoc.RawBlock("latex", "\\begin{figure}[tbp]\\centering\n\\includegraphics[width=\\ownwidth]{" ..
        stem .. ".pdf}\n\\caption{" .. latex(caption) .. "}\n\\end{figure}")
      place = place + 1
    else
      blocks[#blocks + 1] = block
    end
    place = place + 1
  end
  document.blocks = blocks
  return document
end
