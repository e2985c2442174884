# What the views say about where things are, and about the process that made the page.
module ApplicationHelper
  # A file that berth-proxy serves from public/.
  def asset(name) = "#{Showcase.root}/assets/#{name}"

  def cable_path(rest = "") = "#{Showcase.root}/cable#{rest}"

  # Resident memory of this process in MB. // proc(5): VmRSS is in kB
  def resident_megabytes
    File.foreach("/proc/self/status").grep(/\AVmRSS/).first.to_s[/\d+/].to_i / 1024
  end
end
